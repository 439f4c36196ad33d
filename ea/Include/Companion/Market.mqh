// The symbols this EA speaks of, in the order of their indices on the wire.
#include "Account.mqh"
#include "Frame.mqh"

#define MARKET_DAY_S 86400
#define MARKET_SESSIONS 16

class CMarket {
private:
   string            m_names[];

public:
   int               Total(void) const { return(ArraySize(m_names)); }
   string            Name(const int index) const { return(m_names[index]); }

   // Takes the symbols of the inputs into Market Watch; what is wrong with them, or nothing.
   string            Select(void) {
      if(InpSymbols=="") {
         ArrayResize(m_names,1);
         m_names[0]=_Symbol;
      }
      else
         StringSplit(InpSymbols,',',m_names);
      for(int i=0; i<Total(); i++) {
         StringTrimLeft(m_names[i]);
         StringTrimRight(m_names[i]);
         if(!SymbolSelect(m_names[i],true))
            return(StringFormat("InpSymbols: the broker has no symbol %s; copy its name from Market Watch, with its suffix",m_names[i]));
         MqlTick newest[];
         if(CopyTicks(m_names[i],newest,COPY_TICKS_ALL,0,1)<0)
            ResetLastError();   // the first call only makes the terminal fetch them
      }
      return("");
   }

   // The first symbol that cannot be priced yet; nothing where all can.
   string            Unquoted(void) const {
      MqlTick tick;
      for(int i=0; i<Total(); i++)
         if(!SymbolInfoTick(m_names[i],tick) || tick.bid<=0.0 || SymbolInfoDouble(m_names[i],SYMBOL_TRADE_TICK_VALUE)<=0.0)
            return(m_names[i]);
      return("");
   }

   // The broker's clock at the latest quote [ms].
   long              NowMsc(void) const {
      long now=(long)TimeCurrent()*1000;
      MqlTick tick;
      for(int i=0; i<Total(); i++)
         if(SymbolInfoTick(m_names[i],tick))
            now=MathMax(now,tick.time_msc);
      return(now);
   }

   void              Describe(CFrame &frame) const {
      frame.Begin(WIRE_MESSAGE_SYMBOLS);
      for(int i=0; i<Total(); i++) {
         WireSymbol symbol;
         ZeroMemory(symbol);
         PutNames(symbol,m_names[i]);
         PutNumbers(symbol,m_names[i]);
         PutRules(symbol,m_names[i]);
         PutSessions(symbol,m_names[i]);
         frame.Add(symbol);
      }
   }

private:
   static void       PutNames(WireSymbol &symbol,const string name) {
      CText::Put(symbol.name,name);
      CText::Put(symbol.currency_base,SymbolInfoString(name,SYMBOL_CURRENCY_BASE));
      CText::Put(symbol.currency_profit,SymbolInfoString(name,SYMBOL_CURRENCY_PROFIT));
      CText::Put(symbol.currency_margin,SymbolInfoString(name,SYMBOL_CURRENCY_MARGIN));
   }

   static void       PutNumbers(WireSymbol &symbol,const string name) {
      symbol.point=SymbolInfoDouble(name,SYMBOL_POINT);
      symbol.tick_size=SymbolInfoDouble(name,SYMBOL_TRADE_TICK_SIZE);
      symbol.tick_value=SymbolInfoDouble(name,SYMBOL_TRADE_TICK_VALUE);
      symbol.tick_value_profit=SymbolInfoDouble(name,SYMBOL_TRADE_TICK_VALUE_PROFIT);
      symbol.tick_value_loss=SymbolInfoDouble(name,SYMBOL_TRADE_TICK_VALUE_LOSS);
      symbol.contract_size=SymbolInfoDouble(name,SYMBOL_TRADE_CONTRACT_SIZE);
      symbol.volume_min=SymbolInfoDouble(name,SYMBOL_VOLUME_MIN);
      symbol.volume_max=SymbolInfoDouble(name,SYMBOL_VOLUME_MAX);
      symbol.volume_step=SymbolInfoDouble(name,SYMBOL_VOLUME_STEP);
      symbol.volume_limit=SymbolInfoDouble(name,SYMBOL_VOLUME_LIMIT);
      symbol.swap_long=SymbolInfoDouble(name,SYMBOL_SWAP_LONG);
      symbol.swap_short=SymbolInfoDouble(name,SYMBOL_SWAP_SHORT);
      symbol.margin_initial=SymbolInfoDouble(name,SYMBOL_MARGIN_INITIAL);
      symbol.margin_maintenance=SymbolInfoDouble(name,SYMBOL_MARGIN_MAINTENANCE);
      symbol.margin_hedged=SymbolInfoDouble(name,SYMBOL_MARGIN_HEDGED);
      double maintenance=0.0;
      if(!SymbolInfoMarginRate(name,ORDER_TYPE_BUY,symbol.margin_rate_buy,maintenance)
         || !SymbolInfoMarginRate(name,ORDER_TYPE_SELL,symbol.margin_rate_sell,maintenance))
         PrintFormat("no margin rate of %s, error %d",name,GetLastError());
   }

   static void       PutRules(WireSymbol &symbol,const string name) {
      symbol.stops_level_points=(uint)SymbolInfoInteger(name,SYMBOL_TRADE_STOPS_LEVEL);
      symbol.freeze_level_points=(uint)SymbolInfoInteger(name,SYMBOL_TRADE_FREEZE_LEVEL);
      symbol.digits=(uchar)SymbolInfoInteger(name,SYMBOL_DIGITS);
      symbol.calc_mode=(uchar)SymbolInfoInteger(name,SYMBOL_TRADE_CALC_MODE);
      symbol.trade_mode=(uchar)SymbolInfoInteger(name,SYMBOL_TRADE_MODE);
      symbol.execution_mode=(uchar)SymbolInfoInteger(name,SYMBOL_TRADE_EXEMODE);
      symbol.filling_flags=(uchar)(SymbolInfoInteger(name,SYMBOL_FILLING_MODE)&7);
      symbol.swap_mode=(uchar)SymbolInfoInteger(name,SYMBOL_SWAP_MODE);
      symbol.swap_rollover3days=(uchar)SymbolInfoInteger(name,SYMBOL_SWAP_ROLLOVER3DAYS);
   }

   static void       PutSessions(WireSymbol &symbol,const string name) {
      int count=0;
      datetime from=0,to=0;
      for(int day=SUNDAY; day<=SATURDAY; day++)
         for(uint i=0; count<MARKET_SESSIONS && SymbolInfoSessionTrade(name,(ENUM_DAY_OF_WEEK)day,i,from,to); i++) {
            uint start=(uint)(day*MARKET_DAY_S)+(uint)from;
            symbol.sessions[2*count]=start;
            symbol.sessions[2*count+1]=(to>from) ? start+(uint)to-(uint)from : (uint)((day+1)*MARKET_DAY_S);
            count++;
         }
   }
};
