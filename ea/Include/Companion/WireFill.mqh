//+------------------------------------------------------------------+
//| MT5's properties in the structures of the wire. Generated: do not |
//| edit. Declared in wire/, written by scripts/generate-wire-header. |
//+------------------------------------------------------------------+

#ifndef COMPANION_WIRE_FILL_MQH
#define COMPANION_WIRE_FILL_MQH

#include "Text.mqh"
#include "Wire.mqh"

template<typename T>
void WireFillMoney(T &body)
  {
   body.balance=AccountInfoDouble(ACCOUNT_BALANCE);
   body.equity=AccountInfoDouble(ACCOUNT_EQUITY);
   body.margin=AccountInfoDouble(ACCOUNT_MARGIN);
   body.margin_free=AccountInfoDouble(ACCOUNT_MARGIN_FREE);
  }

template<typename T>
void WireFillIdentity(T &body)
  {
   body.margin_mode=(uchar)AccountInfoInteger(ACCOUNT_MARGIN_MODE);
   body.trade_mode=(uchar)AccountInfoInteger(ACCOUNT_TRADE_MODE);
   body.currency_digits=(uchar)AccountInfoInteger(ACCOUNT_CURRENCY_DIGITS);
   body.leverage=(uint)AccountInfoInteger(ACCOUNT_LEVERAGE);
   body.login=(long)AccountInfoInteger(ACCOUNT_LOGIN);
   CText::Put(body.server,AccountInfoString(ACCOUNT_SERVER));
   CText::Put(body.currency,AccountInfoString(ACCOUNT_CURRENCY));
  }

void WireFill(WireSymbol &body,const string symbol)
  {
   ZeroMemory(body);
   CText::Put(body.name,symbol);
   CText::Put(body.currency_base,SymbolInfoString(symbol,SYMBOL_CURRENCY_BASE));
   CText::Put(body.currency_profit,SymbolInfoString(symbol,SYMBOL_CURRENCY_PROFIT));
   CText::Put(body.currency_margin,SymbolInfoString(symbol,SYMBOL_CURRENCY_MARGIN));
   body.point=SymbolInfoDouble(symbol,SYMBOL_POINT);
   body.tick_size=SymbolInfoDouble(symbol,SYMBOL_TRADE_TICK_SIZE);
   body.tick_value=SymbolInfoDouble(symbol,SYMBOL_TRADE_TICK_VALUE);
   body.tick_value_profit=SymbolInfoDouble(symbol,SYMBOL_TRADE_TICK_VALUE_PROFIT);
   body.tick_value_loss=SymbolInfoDouble(symbol,SYMBOL_TRADE_TICK_VALUE_LOSS);
   body.contract_size=SymbolInfoDouble(symbol,SYMBOL_TRADE_CONTRACT_SIZE);
   body.volume_min=SymbolInfoDouble(symbol,SYMBOL_VOLUME_MIN);
   body.volume_max=SymbolInfoDouble(symbol,SYMBOL_VOLUME_MAX);
   body.volume_step=SymbolInfoDouble(symbol,SYMBOL_VOLUME_STEP);
   body.volume_limit=SymbolInfoDouble(symbol,SYMBOL_VOLUME_LIMIT);
   body.swap_long=SymbolInfoDouble(symbol,SYMBOL_SWAP_LONG);
   body.swap_short=SymbolInfoDouble(symbol,SYMBOL_SWAP_SHORT);
   body.margin_initial=SymbolInfoDouble(symbol,SYMBOL_MARGIN_INITIAL);
   body.margin_maintenance=SymbolInfoDouble(symbol,SYMBOL_MARGIN_MAINTENANCE);
   body.margin_hedged=SymbolInfoDouble(symbol,SYMBOL_MARGIN_HEDGED);
   body.stops_level_points=(uint)SymbolInfoInteger(symbol,SYMBOL_TRADE_STOPS_LEVEL);
   body.freeze_level_points=(uint)SymbolInfoInteger(symbol,SYMBOL_TRADE_FREEZE_LEVEL);
   body.digits=(uchar)SymbolInfoInteger(symbol,SYMBOL_DIGITS);
   body.calc_mode=(uchar)SymbolInfoInteger(symbol,SYMBOL_TRADE_CALC_MODE);
   body.trade_mode=(uchar)SymbolInfoInteger(symbol,SYMBOL_TRADE_MODE);
   body.execution_mode=(uchar)SymbolInfoInteger(symbol,SYMBOL_TRADE_EXEMODE);
   body.filling_flags=(uchar)(SymbolInfoInteger(symbol,SYMBOL_FILLING_MODE)&7);
   body.swap_mode=(uchar)SymbolInfoInteger(symbol,SYMBOL_SWAP_MODE);
   body.swap_rollover3days=(uchar)SymbolInfoInteger(symbol,SYMBOL_SWAP_ROLLOVER3DAYS);
  }

void WireFill(WireDeal &body,const ulong ticket)
  {
   ZeroMemory(body);
   body.deal_ticket=(ulong)ticket;
   body.order_ticket=(ulong)HistoryDealGetInteger(ticket,DEAL_ORDER);
   body.position_id=(ulong)HistoryDealGetInteger(ticket,DEAL_POSITION_ID);
   body.magic=(long)HistoryDealGetInteger(ticket,DEAL_MAGIC);
   body.time_msc=(long)HistoryDealGetInteger(ticket,DEAL_TIME_MSC);
   body.volume=HistoryDealGetDouble(ticket,DEAL_VOLUME);
   body.price=HistoryDealGetDouble(ticket,DEAL_PRICE);
   body.profit=HistoryDealGetDouble(ticket,DEAL_PROFIT);
   body.swap=HistoryDealGetDouble(ticket,DEAL_SWAP);
   body.commission=HistoryDealGetDouble(ticket,DEAL_COMMISSION);
   body.fee=HistoryDealGetDouble(ticket,DEAL_FEE);
   body.type=(uchar)MathMin(HistoryDealGetInteger(ticket,DEAL_TYPE),17);
   body.entry=(uchar)HistoryDealGetInteger(ticket,DEAL_ENTRY);
   body.reason=(uchar)MathMin(HistoryDealGetInteger(ticket,DEAL_REASON),9);
   CText::Put(body.symbol,HistoryDealGetString(ticket,DEAL_SYMBOL));
   CText::Put(body.comment,HistoryDealGetString(ticket,DEAL_COMMENT));
  }

void WireFill(WirePosition &body)
  {
   ZeroMemory(body);
   body.position_ticket=(ulong)PositionGetInteger(POSITION_TICKET);
   body.position_id=(ulong)PositionGetInteger(POSITION_IDENTIFIER);
   body.magic=(long)PositionGetInteger(POSITION_MAGIC);
   body.time_msc=(long)PositionGetInteger(POSITION_TIME_MSC);
   body.time_update_msc=(long)PositionGetInteger(POSITION_TIME_UPDATE_MSC);
   body.volume=PositionGetDouble(POSITION_VOLUME);
   body.price_open=PositionGetDouble(POSITION_PRICE_OPEN);
   body.sl=PositionGetDouble(POSITION_SL);
   body.tp=PositionGetDouble(POSITION_TP);
   body.swap=PositionGetDouble(POSITION_SWAP);
   body.profit=PositionGetDouble(POSITION_PROFIT);
   body.type=(uchar)PositionGetInteger(POSITION_TYPE);
   CText::Put(body.symbol,PositionGetString(POSITION_SYMBOL));
   CText::Put(body.comment,PositionGetString(POSITION_COMMENT));
  }

void WireFill(WireOrder &body)
  {
   ZeroMemory(body);
   body.order_ticket=(ulong)OrderGetInteger(ORDER_TICKET);
   body.position_id=(ulong)OrderGetInteger(ORDER_POSITION_ID);
   body.magic=(long)OrderGetInteger(ORDER_MAGIC);
   body.time_setup_msc=(long)OrderGetInteger(ORDER_TIME_SETUP_MSC);
   body.time_expiration_s=(long)OrderGetInteger(ORDER_TIME_EXPIRATION);
   body.volume_initial=OrderGetDouble(ORDER_VOLUME_INITIAL);
   body.volume_current=OrderGetDouble(ORDER_VOLUME_CURRENT);
   body.price_open=OrderGetDouble(ORDER_PRICE_OPEN);
   body.sl=OrderGetDouble(ORDER_SL);
   body.tp=OrderGetDouble(ORDER_TP);
   body.type=(uchar)OrderGetInteger(ORDER_TYPE);
   body.state=(uchar)OrderGetInteger(ORDER_STATE);
   CText::Put(body.symbol,OrderGetString(ORDER_SYMBOL));
   CText::Put(body.comment,OrderGetString(ORDER_COMMENT));
  }

void WireFill(WireCalendarValue &body,const MqlCalendarValue &value,const MqlCalendarEvent &event,const MqlCalendarCountry &place)
  {
   ZeroMemory(body);
   body.value_id=(ulong)value.id;
   body.event_id=(ulong)value.event_id;
   body.time_s=(long)value.time;
   body.period_s=(long)value.period;
   body.actual=(long)value.actual_value;
   body.forecast=(long)value.forecast_value;
   body.previous=(long)value.prev_value;
   body.revised=(long)value.revised_prev_value;
   body.revision=(int)value.revision;
   body.importance=(uchar)event.importance;
   body.impact=(uchar)value.impact_type;
   body.time_mode=(uchar)event.time_mode;
   body.event_type=(uchar)event.type;
   body.sector=(uchar)event.sector;
   body.unit=(uchar)event.unit;
   body.multiplier=(uchar)event.multiplier;
   body.digits=(uchar)event.digits;
   CText::Put(body.country,place.code);
   CText::Put(body.currency,place.currency);
   CText::Put(body.name,event.name);
  }

// The size of the body of what the bridge may say; -1 for anything else.
int WireBodySize(const int type)
  {
   switch(type) {
      case WIRE_MESSAGE_CHALLENGE: return((int)sizeof(WireChallenge));
      case WIRE_MESSAGE_WELCOME: return((int)sizeof(WireWelcome));
      case WIRE_MESSAGE_HISTORY: return((int)sizeof(WireHistory));
      case WIRE_MESSAGE_DECISION: return((int)sizeof(WireDecision));
      case WIRE_MESSAGE_INTENT: return((int)sizeof(WireIntent));
      case WIRE_MESSAGE_HEARTBEAT: return((int)sizeof(WireHeartbeat));
      case WIRE_MESSAGE_ERROR: return((int)sizeof(WireError));
      case WIRE_MESSAGE_BYE: return((int)sizeof(WireBye));
   }
   return(-1);
  }

// Whether prices, distances and lots are numbers that can be.
bool WireIsAmount(const double value) { return(value>=0.0 && value<=1000000000000.0); }

bool WireIsSound(const WireIntent &body)
  {
   return(WireIsAmount(body.volume)
          && WireIsAmount(body.price)
          && WireIsAmount(body.sl)
          && WireIsAmount(body.tp)
          && WireIsAmount(body.break_even_gain)
          && WireIsAmount(body.break_even_offset)
          && WireIsAmount(body.trailing_gain)
          && WireIsAmount(body.trailing_distance)
          && WireIsAmount(body.trailing_step));
  }

#endif
