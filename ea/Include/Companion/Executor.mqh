// What becomes of an intent: refused, or done once, and its result told.
#include "Guards.mqh"
#include "Memory.mqh"
#include "Orders.mqh"

// An order that was sent and not answered yet (OrderSendAsync).
struct PendingOrder {
   uint              request_id;
   ulong             intent_id;
   int               tries;
};

class CExecutor {
private:
   CMemory           m_memory;
   PendingOrder      m_pending[];

public:
   string            Problem(void) const { return(m_memory.Problem()); }
   bool              Open(const long login) { return(m_memory.Open(login)); }
   void              Close(void) { m_memory.Close(); }
   void              Forget(const long now_msc,const long settled_msc) { m_memory.Forget(now_msc,settled_msc); }


   // Carries out `intent` on `symbol`, unless it is known: then its old answer is given again, or looked for. The results.
   void              Execute(const WireIntent &intent,const string symbol,const long now_msc,WireResult &results[]) {
      IntentRecord record;
      int place=m_memory.Find(intent.intent_id);
      if(place>=0) {
         m_memory.At(place,record);
         LastWord(record,now_msc);
         Append(results,record.result);
         return;
      }
      ZeroMemory(record);
      record.intent=intent;
      CText::Put(record.symbol,symbol);
      Blank(record,WIRE_PHASE_RECEIVED,now_msc);
      Append(results,record.result);
      if(MayBegin(record,now_msc))
         Order(record,now_msc);
      Append(results,record.result);
   }

   // The last word on every intent remembered, open questions looked into first.
   void              LastWords(const long now_msc,WireResult &results[]) {
      for(int i=0; i<m_memory.Total(); i++) {
         IntentRecord record;
         m_memory.At(i,record);
         LastWord(record,now_msc);
         Append(results,record.result);
      }
   }

   // The server's answer to an order that was not waited for. Whether there is a result to tell.
   bool              OnAnswer(const MqlTradeRequest &request,const MqlTradeResult &answer,const long now_msc,WireResult &results[]) {
      int size=ArraySize(m_pending),place=size-1;
      while(place>=0 && m_pending[place].request_id!=answer.request_id)
         place--;
      if(place<0)
         return(false);
      PendingOrder pending=m_pending[place];
      m_pending[place]=m_pending[size-1];
      ArrayResize(m_pending,size-1);
      IntentRecord record;
      int known=m_memory.Find(pending.intent_id);
      if(known<0)
         return(false);
      m_memory.At(known,record);
      if(CRetcode::IsSafeToRetry(answer.retcode) && pending.tries<InpRetries) {
         MqlTradeRequest again;
         ZeroMemory(again);
         again=request;
         COrders::Reprice(again,answer);
         if(SendLater(record,again,pending.tries+1,now_msc))
            return(false);
      }
      else
         Settle(record,answer,now_msc);
      Append(results,record.result);
      return(true);
   }

   // The last instructions for a position that stands; false where it never had any.
   bool              InstructionsFor(const ulong position_ticket,const string comment,WireIntent &intent) const {
      for(int i=m_memory.Total()-1; i>=0; i--) {
         IntentRecord record;
         m_memory.At(i,record);
         intent=record.intent;
         bool opened=(intent.kind==WIRE_INTENT_OPEN
                      && (record.result.position_ticket==position_ticket || COrders::IsOf(comment,intent.intent_id)));
         bool modified=(intent.kind==WIRE_INTENT_MODIFY && intent.position_ticket==position_ticket);
         if(opened || modified)
            return(true);
      }
      return(false);
   }

private:
   // Guards, then the disk: what cannot be remembered must not be sent.
   bool              MayBegin(IntentRecord &record,const long now_msc) {
      uint retcode=0;
      string refusal=CGuards::Refusal(m_memory,record,now_msc,retcode);
      if(refusal=="") {
         record.begun_msc=now_msc;
         if(m_memory.Keep(record,true))
            return(true);
         record.begun_msc=0;
         refusal=StringFormat("cannot remember the intent: error %d",GetLastError());
      }
      Blank(record,WIRE_PHASE_FINAL,now_msc);
      record.result.retcode=retcode;
      CText::Put(record.result.text,"EA: "+refusal);
      Finish(record);
      return(false);
   }

   void              Order(IntentRecord &record,const long now_msc) {
      MqlTradeRequest request;
      MqlTradeResult answer;
      ZeroMemory(request);
      ZeroMemory(answer);
      COrders::Write(record,request);
      if(InpAsync) {
         SendLater(record,request,0,now_msc);
         return;
      }
      COrders::Send(request,answer);
      Settle(record,answer,now_msc);
   }

   // Sends without waiting for the answer. False where the terminal refuses at once: that is the result.
   bool              SendLater(IntentRecord &record,const MqlTradeRequest &request,const int tries,const long now_msc) {
      MqlTradeResult answer;
      ZeroMemory(answer);
      if(!OrderSendAsync(request,answer)) {
         if(answer.retcode==0)
            answer.retcode=TRADE_RETCODE_ERROR;
         Settle(record,answer,now_msc);
         return(false);
      }
      PendingOrder pending;
      pending.request_id=answer.request_id;
      pending.intent_id=record.intent.intent_id;
      pending.tries=tries;
      Append(m_pending,pending);
      Blank(record,WIRE_PHASE_EXECUTING,now_msc);
      return(true);
   }

   void              Settle(IntentRecord &record,const MqlTradeResult &answer,const long now_msc) {
      bool is_done=CRetcode::IsDone(answer.retcode);
      Blank(record,WIRE_PHASE_FINAL,now_msc);
      if(!CRetcode::IsUnknown(answer.retcode) || !COrders::Trace(record,record.result)) {
         record.result.retcode=answer.retcode;
         record.result.order_ticket=answer.order;
         record.result.deal_ticket=answer.deal;
         record.result.volume=answer.volume;
         record.result.price=answer.price;
         bool opened=is_done && record.intent.kind==WIRE_INTENT_OPEN;
         record.result.position_ticket=opened ? answer.order : record.intent.position_ticket;
         if(!is_done)
            CText::Put(record.result.text,answer.comment);
      }
      Finish(record);
   }

   // Gives the result that is known, or what the terminal shows; where it shows nothing the question stays open.
   void              LastWord(IntentRecord &record,const long now_msc) {
      if(record.has_result!=0 && !CRetcode::IsUnknown(record.result.retcode))
         return;
      IntentRecord traced=record;
      Blank(traced,WIRE_PHASE_FINAL,now_msc);
      if(COrders::Trace(traced,traced.result)) {
         Finish(traced);
         record=traced;
      }
      else if(record.has_result==0)
         Blank(record,WIRE_PHASE_EXECUTING,now_msc);
   }

   // If this is lost, the intent is looked for in the terminal the next time it is asked about.
   void              Finish(IntentRecord &record) {
      record.has_result=1;
      if(!m_memory.Keep(record,false))
         PrintFormat("a result could not be written to the disk, error %d",GetLastError());
   }

   static void       Blank(IntentRecord &record,const ENUM_WIRE_PHASE phase,const long now_msc) {
      ZeroMemory(record.result);
      record.result.intent_id=record.intent.intent_id;
      record.result.phase=(uchar)phase;
      record.result.time_msc=now_msc;
   }
};
