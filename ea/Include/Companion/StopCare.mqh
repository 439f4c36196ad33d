// Break-even and trailing while the bridge is silent, by its last instructions (docs/wire-protocol.md).
#include "Executor.mqh"
#include "Market.mqh"

#define STOP_CARE_PAUSE_MS 1000

class CStopCare {
private:
   long              m_quote_msc;
   ulong             m_refused[];     // positions whose last request was refused,
   long              m_refused_msc[]; // and when [broker's clock]

public:
                     CStopCare(void) : m_quote_msc(0) {}

   // Looks after our own positions, once a quote.
   void              Run(const CExecutor &executor,const long quote_msc) {
      if(quote_msc==m_quote_msc)
         return;
      m_quote_msc=quote_msc;
      for(int i=0; i<PositionsTotal(); i++) {
         ulong ticket=PositionGetTicket(i);
         WireIntent rules;
         if(ticket!=0 && PositionGetInteger(POSITION_MAGIC)==InpMagic && MayAsk(ticket)
            && executor.InstructionsFor(ticket,PositionGetString(POSITION_COMMENT),rules))
            Care(ticket,rules);
      }
   }

private:
   // What was refused is asked again at a later quote, once a second at most.
   bool              MayAsk(const ulong ticket) const {
      for(int i=ArraySize(m_refused)-1; i>=0; i--)
         if(m_refused[i]==ticket)
            return(m_quote_msc-m_refused_msc[i]>=STOP_CARE_PAUSE_MS);
      return(true);
   }

   void              Care(const ulong ticket,const WireIntent &rules) {
      string symbol=PositionGetString(POSITION_SYMBOL);
      int side=(PositionGetInteger(POSITION_TYPE)==POSITION_TYPE_BUY) ? 1 : -1;
      double close=SymbolInfoDouble(symbol,side>0 ? SYMBOL_BID : SYMBOL_ASK);
      double open=PositionGetDouble(POSITION_PRICE_OPEN),sl=PositionGetDouble(POSITION_SL),tp=PositionGetDouble(POSITION_TP);
      if(close<=0.0 || open<=0.0 || IsFrozen(symbol,close,sl) || IsFrozen(symbol,close,tp))
         return;
      double stop=Tighter(rules,symbol,side,open,close,sl);
      if(stop!=sl)
         Move(ticket,symbol,stop,tp);
   }

   // The best stop the rules ask for, or the present one.
   static double     Tighter(const WireIntent &rules,const string symbol,const int side,const double open,const double close,
                             const double sl) {
      double room=(double)SymbolInfoInteger(symbol,SYMBOL_TRADE_STOPS_LEVEL)*SymbolInfoDouble(symbol,SYMBOL_POINT)
                  +SymbolInfoDouble(symbol,SYMBOL_TRADE_TICK_SIZE);
      double gain=(close-open)*side,stop=sl;
      double level=CAccount::Rounded(symbol,open+side*rules.break_even_offset);
      if(rules.break_even_gain>0.0 && gain>=rules.break_even_gain && (sl==0.0 || (level-sl)*side>=rules.trailing_step)
         && (close-level)*side>=room)
         stop=level;
      level=CAccount::Rounded(symbol,close-side*rules.trailing_distance);
      if(rules.trailing_distance>0.0 && gain>=rules.trailing_gain && level>0.0
         && (stop==0.0 || (level-stop)*side>=rules.trailing_step) && (close-level)*side>=room)
         stop=level;
      return(stop);
   }

   static bool       IsFrozen(const string symbol,const double close,const double level) {
      long freeze=SymbolInfoInteger(symbol,SYMBOL_TRADE_FREEZE_LEVEL);
      return(freeze>0 && level>0.0 && MathRound(MathAbs(close-level)/SymbolInfoDouble(symbol,SYMBOL_POINT))<=(double)freeze);
   }

   void              Move(const ulong ticket,const string symbol,const double sl,const double tp) {
      MqlTradeRequest request;
      MqlTradeResult result;
      ZeroMemory(request);
      ZeroMemory(result);
      request.action=TRADE_ACTION_SLTP;
      request.symbol=symbol;
      request.magic=(ulong)InpMagic;
      request.position=ticket;
      request.sl=sl;
      request.tp=tp;
      if(OrderSend(request,result) && CRetcode::IsDone(result.retcode)) {
         PrintFormat("the bridge is silent: stop of %I64u moved to %s",ticket,(string)sl);
         return;
      }
      if(ArraySize(m_refused)>=64) {
         ArrayResize(m_refused,0);
         ArrayResize(m_refused_msc,0);
      }
      Append(m_refused,ticket);
      Append(m_refused_msc,m_quote_msc);
      PrintFormat("the bridge is silent: stop of %I64u not moved to %s, retcode %u",ticket,(string)sl,result.retcode);
   }
};
