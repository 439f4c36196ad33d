// An intent as the request MT5 wants, and what the terminal shows of one whose answer was lost.
#include "Account.mqh"
#include "Memory.mqh"
#include "Retcode.mqh"

#define ORDERS_DAY_S 86400
#define ORDERS_PREFIX "CMP"

class COrders {
public:
   // Prefix and 16 hexadecimal digits, as domain.intents.comment_of: brokers cut comments above 27 characters.
   static string     CommentOf(const ulong intent_id) {
      return(ORDERS_PREFIX+StringFormat("%08x%08x",(uint)(intent_id>>32),(uint)(intent_id&0xFFFFFFFF)));
   }

   static bool       IsOf(const string comment,const ulong intent_id) { return(StringFind(comment,CommentOf(intent_id))==0); }

   // What makes an intent impossible to carry out as it stands; nothing where it is sound.
   static string     Flaw(const WireIntent &intent) {
      if(!WireIsSound(intent))
         return("WireIntent holds a number that cannot be");
      bool closes=(intent.kind==WIRE_INTENT_CLOSE || intent.kind==WIRE_INTENT_PARTIAL_CLOSE);
      if(intent.kind<WIRE_INTENT_OPEN || intent.kind>WIRE_INTENT_CANCEL || intent.side<-1 || intent.side>1)
         return("WireIntent.kind or side is none of those known");
      if((intent.kind==WIRE_INTENT_OPEN && intent.side==0) || ((closes || intent.kind==WIRE_INTENT_OPEN) && intent.volume<=0.0)
         || (closes && intent.position_ticket==0) || (intent.kind==WIRE_INTENT_CANCEL && intent.order_ticket==0)
         || (intent.kind==WIRE_INTENT_MODIFY && intent.position_ticket==0 && intent.order_ticket==0))
         return("WireIntent lacks what its kind needs");
      return("");
   }

   static void       Write(const IntentRecord &record,MqlTradeRequest &request) {
      ZeroMemory(request);
      request.symbol=CText::Of(record.symbol);
      request.magic=(ulong)record.intent.magic;
      if(record.intent.kind==WIRE_INTENT_MODIFY)
         WriteLevels(record.intent,request);
      else if(record.intent.kind==WIRE_INTENT_CANCEL) {
         request.action=TRADE_ACTION_REMOVE;
         request.order=record.intent.order_ticket;
      }
      else
         WriteDeal(record.intent,request);
   }

   // Sends at once, and again at the new price only where it is certain that nothing was done.
   static void       Send(MqlTradeRequest &request,MqlTradeResult &result) {
      for(int i=0; i<=InpRetries; i++) {
         ZeroMemory(result);
         ResetLastError();
         if(!OrderSend(request,result) && result.retcode==0)
            result.retcode=TRADE_RETCODE_ERROR;
         if(!CRetcode::IsSafeToRetry(result.retcode))
            return;
         Reprice(request,result);
      }
   }

   static void       Reprice(MqlTradeRequest &request,const MqlTradeResult &result) {
      double price=(request.type==ORDER_TYPE_BUY) ? result.ask : result.bid;
      if(price>0.0)
         request.price=price;
      else
         request.price=SymbolInfoDouble(request.symbol,request.type==ORDER_TYPE_BUY ? SYMBOL_ASK : SYMBOL_BID);
   }

   // Looks for the intent in deals by its comment, for new levels at its position; whether the terminal shows that it was done.
   static bool       Trace(const IntentRecord &record,WireResult &result) {
      if(record.intent.kind==WIRE_INTENT_MODIFY)
         return(TraceLevels(record,result));
      long entry=(record.intent.kind==WIRE_INTENT_OPEN) ? DEAL_ENTRY_IN : DEAL_ENTRY_OUT;
      if(!HistorySelect((datetime)(record.begun_msc/1000-ORDERS_DAY_S),TimeCurrent()+ORDERS_DAY_S))
         return(false);
      for(int i=HistoryDealsTotal()-1; i>=0; i--) {
         ulong ticket=HistoryDealGetTicket(i);
         if(HistoryDealGetInteger(ticket,DEAL_ENTRY)==entry
            && IsOf(HistoryDealGetString(ticket,DEAL_COMMENT),record.intent.intent_id)) {
            TakeDeal(record,ticket,result);
            return(true);
         }
      }
      return(false);
   }

private:
   static void       WriteLevels(const WireIntent &intent,MqlTradeRequest &request) {
      request.action=TRADE_ACTION_SLTP;
      request.position=intent.position_ticket;
      request.sl=CAccount::Rounded(request.symbol,intent.sl);
      request.tp=CAccount::Rounded(request.symbol,intent.tp);
   }

   // A CLOSE means all that is left, whatever has been closed by hand since it was decided.
   static void       WriteDeal(const WireIntent &intent,MqlTradeRequest &request) {
      bool opens=(intent.kind==WIRE_INTENT_OPEN),is_buy=(opens && intent.side>0);
      double volume=intent.volume;
      if(!opens && PositionSelectByTicket(intent.position_ticket)) {
         is_buy=(PositionGetInteger(POSITION_TYPE)==POSITION_TYPE_SELL);
         if(intent.kind==WIRE_INTENT_CLOSE)
            volume=PositionGetDouble(POSITION_VOLUME);
      }
      request.action=TRADE_ACTION_DEAL;
      request.type=is_buy ? ORDER_TYPE_BUY : ORDER_TYPE_SELL;
      request.type_filling=FillingOf(request.symbol);
      request.volume=Floored(volume,SymbolInfoDouble(request.symbol,SYMBOL_VOLUME_STEP));
      request.price=CAccount::Rounded(request.symbol,SymbolInfoDouble(request.symbol,is_buy ? SYMBOL_ASK : SYMBOL_BID));
      request.deviation=intent.deviation_points;
      request.comment=CommentOf(intent.intent_id);
      if(opens) {
         request.sl=CAccount::Rounded(request.symbol,intent.sl);
         request.tp=CAccount::Rounded(request.symbol,intent.tp);
      }
      else
         request.position=intent.position_ticket;
   }

   static ENUM_ORDER_TYPE_FILLING FillingOf(const string symbol) {
      long modes=SymbolInfoInteger(symbol,SYMBOL_FILLING_MODE);
      if((modes&SYMBOL_FILLING_FOK)!=0)
         return(ORDER_FILLING_FOK);
      return((modes&SYMBOL_FILLING_IOC)!=0 ? ORDER_FILLING_IOC : ORDER_FILLING_RETURN);
   }

   static double     Floored(const double volume,const double step) {
      return(step>0.0 ? NormalizeDouble(MathFloor(volume/step+1e-6)*step,8) : volume);
   }

   static bool       TraceLevels(const IntentRecord &record,WireResult &result) {
      string symbol=CText::Of(record.symbol);
      if(!PositionSelectByTicket(record.intent.position_ticket)
         || PositionGetDouble(POSITION_SL)!=CAccount::Rounded(symbol,record.intent.sl)
         || PositionGetDouble(POSITION_TP)!=CAccount::Rounded(symbol,record.intent.tp))
         return(false);
      result.retcode=TRADE_RETCODE_DONE;
      result.position_ticket=record.intent.position_ticket;
      CText::Put(result.text,"EA: no answer, but the levels stand as asked");
      return(true);
   }

   // A CLOSE may have found less than it was decided for: then all is done.
   static void       TakeDeal(const IntentRecord &record,const ulong ticket,WireResult &result) {
      result.deal_ticket=ticket;
      result.order_ticket=(ulong)HistoryDealGetInteger(ticket,DEAL_ORDER);
      result.position_ticket=(ulong)HistoryDealGetInteger(ticket,DEAL_POSITION_ID);
      result.volume=HistoryDealGetDouble(ticket,DEAL_VOLUME);
      result.price=HistoryDealGetDouble(ticket,DEAL_PRICE);
      bool stands=PositionSelectByTicket(result.position_ticket);
      bool is_part=result.volume+1e-9<record.intent.volume && (stands || record.intent.kind!=WIRE_INTENT_CLOSE);
      result.retcode=is_part ? TRADE_RETCODE_DONE_PARTIAL : TRADE_RETCODE_DONE;
      CText::Put(result.text,"EA: no answer, found by its comment");
   }
};
