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
      CText::Split(InpSymbols=="" ? _Symbol : InpSymbols,m_names);
      for(int i=0; i<Total(); i++) {
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
         WireFill(symbol,m_names[i]);
         PutMarginRates(symbol,m_names[i]);
         PutSessions(symbol,m_names[i]);
         frame.Add(symbol);
      }
   }

private:
   static void       PutMarginRates(WireSymbol &symbol,const string name) {
      double maintenance=0.0;
      if(!SymbolInfoMarginRate(name,ORDER_TYPE_BUY,symbol.margin_rate_buy,maintenance)
         || !SymbolInfoMarginRate(name,ORDER_TYPE_SELL,symbol.margin_rate_sell,maintenance))
         PrintFormat("no margin rate of %s, error %d",name,GetLastError());
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
