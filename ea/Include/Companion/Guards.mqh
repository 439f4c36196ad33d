// The EA's own limits, whatever the bridge says. All but expiry, account and magic stop new entries only.
#include "Account.mqh"
#include "Memory.mqh"

#define GUARDS_MINUTE_MSC 60000
#define GUARDS_DAY_S 86400

class CGuards {
public:
   // Why `intent` is not carried out, and the retcode that says so; nothing where it may be.
   static string     Refusal(const CMemory &memory,const IntentRecord &record,const long now_msc,uint &retcode) {
      WireIntent intent=record.intent;
      retcode=TRADE_RETCODE_INVALID_EXPIRATION;
      if((now_msc-(long)CAccount::OffsetSeconds()*1000)*1000000>intent.expires_ns)
         return("the intent came after its expiry");
      retcode=TRADE_RETCODE_REJECT;
      if(InpLogin!=0 && InpLogin!=CAccount::Login())
         return(StringFormat("account %I64d is not the pinned %I64d",CAccount::Login(),InpLogin));
      if(InpDemoOnly && !CAccount::IsDemo())
         return("pinned to demo accounts");
      if(intent.magic!=InpMagic)
         return(StringFormat("magic %I64d is not ours, %I64d",intent.magic,InpMagic));
      if(intent.kind==WIRE_INTENT_OPEN)
         return(EntryRefusal(intent,CText::Of(record.symbol),memory.BegunSince(now_msc-GUARDS_MINUTE_MSC)));
      return(ForeignRefusal(intent));
   }

private:
   static string     EntryRefusal(const WireIntent &intent,const string symbol,const int last_minute) {
      if(InpAllowedSymbols!="" && !IsListed(symbol))
         return(StringFormat("symbol %s is not allowed here",symbol));
      if(intent.volume>InpMaxLots)
         return((string)intent.volume+" lots are above max_lots "+(string)InpMaxLots);
      if(last_minute>=InpOrdersPerMinute)
         return(StringFormat("more than %d orders in a minute",InpOrdersPerMinute));
      double spread=(SymbolInfoDouble(symbol,SYMBOL_ASK)-SymbolInfoDouble(symbol,SYMBOL_BID))/SymbolInfoDouble(symbol,SYMBOL_POINT);
      if(InpMaxSpreadPoints>0 && spread>InpMaxSpreadPoints)
         return(StringFormat("spread of %.0f points is above %d",spread,InpMaxSpreadPoints));
      double loss=(InpMaxDailyLoss>0.0) ? LossToday() : 0.0;
      if(InpMaxDailyLoss>0.0 && loss>=InpMaxDailyLoss)
         return(StringFormat("loss of %.2f today reaches the limit of %.2f",loss,InpMaxDailyLoss));
      return("");
   }

   // A position of somebody else is never touched; one that is gone is the server's to refuse.
   static string     ForeignRefusal(const WireIntent &intent) {
      if(!PositionSelectByTicket(intent.position_ticket) || PositionGetInteger(POSITION_MAGIC)==InpMagic)
         return("");
      return(StringFormat("position %I64u is not ours, magic %I64d",intent.position_ticket,PositionGetInteger(POSITION_MAGIC)));
   }

   static bool       IsListed(const string symbol) {
      string names[];
      CText::Split(InpAllowedSymbols,names);
      int i=ArraySize(names)-1;
      while(i>=0 && names[i]!=symbol)
         i--;
      return(i>=0);
   }

   // What today's deals of the broker's day and the open positions have lost [account currency]; without the deals, everything.
   static double     LossToday(void) {
      datetime now=TimeCurrent();
      if(!HistorySelect(now-now%GUARDS_DAY_S,now+GUARDS_DAY_S))
         return(DBL_MAX);
      double result=AccountInfoDouble(ACCOUNT_PROFIT);
      for(int i=HistoryDealsTotal()-1; i>=0; i--) {
         ulong ticket=HistoryDealGetTicket(i);
         long type=HistoryDealGetInteger(ticket,DEAL_TYPE);
         if(type!=DEAL_TYPE_BALANCE && type!=DEAL_TYPE_CREDIT && type!=DEAL_TYPE_BONUS)
            result+=HistoryDealGetDouble(ticket,DEAL_PROFIT)+HistoryDealGetDouble(ticket,DEAL_SWAP)
                    +HistoryDealGetDouble(ticket,DEAL_COMMISSION)+HistoryDealGetDouble(ticket,DEAL_FEE);
      }
      return(-result);
   }
};
