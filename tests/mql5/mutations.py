"""Mistakes to be put into the EA, one at a time, each with the scenario that must notice it."""

from typing import Final, NamedTuple


class Mutation(NamedTuple):
    name: str
    file: str
    """Below ea/Include/Companion."""
    right: str
    """Text that stands there exactly once."""
    wrong: str
    noticed_by: str
    """A test of tests/mql5/scenarios, as FILE::TEST or, for those of test_exact.py, TEST; all its cases run."""


MUTATIONS: Final = (
    Mutation(
        "a filling mode is sent that the symbol does not allow",
        "Orders.mqh",
        "if((modes&SYMBOL_FILLING_FOK)!=0)",
        "if((modes&SYMBOL_FILLING_FOK)==0)",
        "test_the_filling_mode_is_one_the_symbol_allows",
    ),
    Mutation(
        "the length of a frame that goes out is one byte too long",
        "ZmtpDealer.mqh",
        "m_out[i]=(uchar)(((ulong)size>>(8*(at-1-i)))&0xFF);",
        "m_out[i]=(uchar)(((ulong)(size+1)>>(8*(at-1-i)))&0xFF);",
        "test_batches_of_every_length_pass",
    ),
    Mutation(
        "the length of a long frame that comes in is read with one byte too few",
        "ZmtpDealer.mqh",
        "int places=(flags&ZMTP_LONG)!=0 ? 8 : 1;",
        "int places=(flags&ZMTP_LONG)!=0 ? 7 : 1;",
        "test_a_bridge_that_writes_every_length_in_eight_bytes_is_understood",
    ),
    Mutation(
        "an intent is not on the disk when its order leaves",
        "Executor.mqh",
        "if(m_memory.Keep(record,true))",
        "if(record.begun_msc>0)",
        "test_after_its_death_it_knows_what_it_had_begun",
    ),
    Mutation(
        "an intent that is known is carried out again",
        "Executor.mqh",
        "      if(place>=0) {",
        "      if(place>1000000) {",
        "test_an_intent_that_comes_twice_is_done_once",
    ),
    Mutation(
        "what the bridge has said is not acknowledged",
        "Session.mqh",
        "header.ack=m_heard;",
        "header.ack=0;",
        "test_acknowledgements_keep_up",
    ),
    Mutation(
        "a request that may have been executed is sent again",
        "Retcode.mqh",
        "return(code==TRADE_RETCODE_REQUOTE ||",
        "return(code==TRADE_RETCODE_TIMEOUT ||",
        "test_what_may_have_been_done_is_not_sent_again",
    ),
    Mutation(
        "a lost answer is not looked for",
        "Executor.mqh",
        "if(!CRetcode::IsUnknown(answer.retcode) || !COrders::Trace(record,record.result)) {",
        "if(answer.retcode!=0 || !COrders::Trace(record,record.result)) {",
        "test_an_answer_that_was_lost_is_found_in_the_history",
    ),
    Mutation(
        "an intent is carried out after its expiry",
        "Guards.mqh",
        "*1000000>intent.expires_ns)",
        "*1000000>intent.expires_ns+3600000000000)",
        "test_an_intent_is_refused",
    ),
    Mutation(
        "the pinned account is not compared",
        "Guards.mqh",
        "if(InpLogin!=0 && InpLogin!=CAccount::Login())",
        "if(InpLogin!=0 && CAccount::Login()==0)",
        "test_an_intent_is_refused",
    ),
    Mutation(
        "one order more than allowed leaves in a minute",
        "Guards.mqh",
        "if(last_minute>=InpOrdersPerMinute)",
        "if(last_minute>InpOrdersPerMinute)",
        "test_the_minute_passes",
    ),
    Mutation(
        "a position of somebody else is closed",
        "Guards.mqh",
        "|| PositionGetInteger(POSITION_MAGIC)==InpMagic)",
        "|| PositionGetInteger(POSITION_MAGIC)!=InpMagic-1)",
        "test_a_position_of_somebody_else_is_not_closed",
    ),
    Mutation(
        "ticks of a millisecond that was seen are left out",
        "TickFeed.mqh",
        "while(first<count && first<place.seen && m_ticks[first].time_msc==place.msc)",
        "while(first<count && m_ticks[first].time_msc==place.msc)",
        "test_every_tick_arrives_once_also_within_one_millisecond",
    ),
    Mutation(
        "ticks without an answer are not sent again",
        "TickFeed.mqh",
        "void              Rewind(void) { m_unsent=m_oldest; }",
        "void              Rewind(void) { m_oldest=m_unsent; }",
        "test_ticks_without_an_answer_go_out_again_and_none_is_lost",
    ),
    Mutation(
        "a volume is rounded up",
        "Orders.mqh",
        "MathFloor(volume/step+1e-6)",
        "MathCeil(volume/step-1e-6)",
        "test_a_volume_is_rounded_down_to_the_step",
    ),
    Mutation(
        "a close deals in the position's own direction",
        "Orders.mqh",
        "is_buy=(PositionGetInteger(POSITION_TYPE)==POSITION_TYPE_SELL);",
        "is_buy=(PositionGetInteger(POSITION_TYPE)==POSITION_TYPE_BUY);",
        "test_a_close_deals_the_other_way",
    ),
    Mutation(
        "break-even goes to the wrong side of the open price",
        "StopCare.mqh",
        "open+side*rules.break_even_offset",
        "open-side*rules.break_even_offset",
        "test_break_even_goes_beyond_the_open_price",
    ),
    Mutation(
        "a trailing stop goes back with the price",
        "StopCare.mqh",
        "(level-stop)*side>=rules.trailing_step)",
        "MathAbs(level-stop)>=rules.trailing_step)",
        "test_trailing_follows_the_price_and_never_goes_back",
    ),
    Mutation(
        "the bridge's proof is not checked",
        "Session.mqh",
        "|| !CHash::AreEqual(digest,challenge.proof))",
        "|| ArraySize(digest)==0)",
        "test_a_bridge_that_does_not_know_the_secret_learns_nothing",
    ),
    Mutation(
        "the file of another release is passed over",
        "Memory.mqh",
        "if(StringFind(MEMORY_FOLDER+name,m_path)!=0)",
        "if(StringLen(name)==0)",
        "test_memory.py::test_the_file_of_a_release_with_other_records_is_not_passed_over",
    ),
    Mutation(
        "a new file that was not put in its place yet is overlooked",
        "Memory.mqh",
        "&& FileIsExist(m_path+MEMORY_DRAFT) &&",
        "&& FileIsExist(m_path) &&",
        "test_memory.py::test_a_death_after_the_old_file_went_and_before_the_new_one_came",
    ),
    Mutation(
        "damage in the middle is taken for the end",
        "Memory.mqh",
        "else if(m_written<total-1)",
        "else if(m_written<0)",
        "test_memory.py::test_damage_before_the_end_stops_all_trading",
    ),
    Mutation(
        "an open question is forgotten",
        "Memory.mqh",
        "if(m_records[i].has_result==0 ||",
        "if(m_records[i].has_result==9 ||",
        "test_memory.py::test_what_nobody_asks_for_any_more_is_left_out",
    ),
    Mutation(
        "what has been closed today does not count as a loss",
        "Guards.mqh",
        "if(type!=DEAL_TYPE_BALANCE &&",
        "if(type==DEAL_TYPE_BALANCE &&",
        "test_daily_loss.py::test_a_loss_that_was_taken_lasts_until_the_brokers_midnight",
    ),
    Mutation(
        "what is open does not count as a loss",
        "Guards.mqh",
        "double result=AccountInfoDouble(ACCOUNT_PROFIT);",
        "double result=AccountInfoDouble(ACCOUNT_CREDIT);",
        "test_daily_loss.py::test_a_loss_that_floats_counts_while_it_is_there",
    ),
    Mutation(
        "the day never ends",
        "Guards.mqh",
        "HistorySelect(now-now%GUARDS_DAY_S,",
        "HistorySelect(0,",
        "test_daily_loss.py::test_a_loss_that_was_taken_lasts_until_the_brokers_midnight",
    ),
    Mutation(
        "no number is left out where ticks are missing",
        "TickFeed.mqh",
        "      m_next++;\n      m_oldest=m_next;",
        "      m_oldest=m_next;",
        "test_quotes.py::test_a_gap_while_nobody_answered_is_told_when_the_session_begins",
    ),
    Mutation(
        "it goes on in the middle of a session where ticks are missing",
        "TickFeed.mqh",
        "m_is_broken=m_is_broken || (first<count && first<place.seen);",
        "m_is_broken=m_is_broken || (first<count && first<0);",
        "test_quotes.py::test_a_gap_in_the_middle_of_a_session_ends_it_and_is_told",
    ),
    Mutation(
        "only the first symbol is streamed",
        "TickFeed.mqh",
        "int symbol=(m_turn+i)%ArraySize(m_places);",
        "int symbol=(m_turn+i)%1;",
        "test_quotes.py::test_all_symbols_are_streamed_and_traded_at_once",
    ),
    Mutation(
        "the calendar of the next seconds is told",
        "Calendar.mqh",
        "now+CALENDAR_DAYS_AHEAD*CALENDAR_DAY_S",
        "now+CALENDAR_DAYS_AHEAD",
        "test_news.py::test_a_day_back_and_a_week_ahead_are_told_at_first",
    ),
    Mutation(
        "what does not fit into one frame of the calendar is left out",
        "Calendar.mqh",
        "from+=room)",
        "from+=count)",
        "test_news.py::test_more_than_fits_into_a_frame_arrives_in_several",
    ),
    Mutation(
        "stops move by half a memory",
        "Memory.mqh",
        "ArrayResize(m_records,0);   // half",
        "m_written=0;   // half",
        "test_memory.py::test_with_a_damaged_file_no_stop_moves_either",
    ),
)
