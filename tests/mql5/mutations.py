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
    """A test in tests/mql5/scenarios/test_exact.py; all its cases run."""


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
        "if(m_memory.Keep(record,true)) {",
        "if(record.begun_msc>0) {",
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
        "if(SentLastMinute(now_msc)>=InpOrdersPerMinute)",
        "if(SentLastMinute(now_msc)>InpOrdersPerMinute)",
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
)
