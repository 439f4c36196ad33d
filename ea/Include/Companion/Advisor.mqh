// The EA without its event handlers: connects, tells, streams, obeys.
#include "Calendar.mqh"
#include "Executor.mqh"
#include "History.mqh"
#include "Ledger.mqh"
#include "Panel.mqh"
#include "Session.mqh"
#include "StopCare.mqh"
#include "TickFeed.mqh"
#include "Update.mqh"

#define ADVISOR_BUILD 1
#define ADVISOR_FIRST_WAIT_MS 100
#define ADVISOR_LONGEST_WAIT_MS 5000
#define ADVISOR_REFUSED_WAIT_MS 60000
#define ADVISOR_HALF_DEAD_MS 30000
#define ADVISOR_SLICE_MS 50

class CAdvisor {
private:
   CMarket           m_market;
   CSession          m_session;
   CTickFeed         m_feed;
   CLedger           m_ledger;
   CHistory          m_history;
   CExecutor         m_executor;
   CCalendar         m_calendar;
   CStopCare         m_care;
   CPanel            m_panel;
   CFrame            m_frame;
   string            m_problem;
   long              m_login;
   bool              m_was_up;
   ulong             m_terminal_id;
   ulong             m_try_ms;
   ulong             m_answer_ms;
   int               m_failures;
   int               m_intents_due;

public:
                     CAdvisor(void) : m_login(0),m_was_up(false),m_terminal_id(0),m_try_ms(0),m_answer_ms(0),m_failures(0),m_intents_due(0) {}

   void              Start(void) {
      MathSrand((int)(GetTickCount64()&INT_MAX));
      m_problem=m_market.Select();
      m_answer_ms=GetTickCount64();
   }

   void              Stop(const ENUM_WIRE_BYE reason) {
      if(!m_session.IsDown())
         m_session.Leave(reason,"");
      m_executor.Close();
      m_feed.Forget();
      m_login=0;
   }

   // Quotes have come, or may have; waits `patience_ms` at most for the answer to what it sends.
   void              OnQuotes(const uint patience_ms) {
      if(m_session.IsDown())
         Connect();
      Hear(0);
      Keep();
      bool goes_on=true;
      while(goes_on && m_session.IsLive() && !IsStopped()) {
         Report();
         goes_on=Stream() && Await(InpLockStep ? patience_ms : MathMin(patience_ms,m_session.m_rules.decision_wait_ms)) && InpLockStep;
      }
      // nobody looks after the positions: there is no session, or no answer for too long
      if(GetTickCount64()-m_answer_ms>(ulong)InpSilentSeconds*1000)
         m_care.Run(m_executor,m_market.NowMsc());
   }

   // What need not be done at every quote.
   void              OnTime(void) {
      m_calendar.Run(m_session);
      if(m_panel.IsDue())
         m_panel.Show(Trouble(),m_session.State(),m_feed.Sent(),m_feed.Gap());
   }

   void              OnTransaction(const MqlTradeTransaction &transaction,const MqlTradeRequest &request,
                                   const MqlTradeResult &result) {
      m_ledger.Touch();
      if(transaction.type!=TRADE_TRANSACTION_REQUEST || !InpAsync)
         return;
      CUpdate update;
      if(m_executor.OnAnswer(request,result,m_market.NowMsc(),update.m_results) && m_session.IsLive()) {
         m_ledger.Changes(update);
         TellUpdate(update);
      }
   }

private:
   // What stands in the way, the gravest first.
   string            Trouble(void) const {
      string found=(m_problem!="") ? m_problem : CPanel::Obstacle();
      if(found=="")
         found=m_executor.Problem();
      if(found=="" && m_market.Unquoted()!="")
         found="no quote of "+m_market.Unquoted()+" yet: is its market open, and is it in Market Watch?";
      if(found=="" && m_session.IsDown())
         found=CPanel::Remedy(m_session.SocketError(),m_session.Problem());
      return(found!="" ? found : CPanel::Warning());
   }

   // -- the session ------------------------------------------------------------------------------------------------

   void              Connect(void) {
      if(GetTickCount64()<m_try_ms || !IsReady())
         return;
      WireHello hello;
      Introduce(hello);
      m_feed.Rewind();
      m_calendar.Restart();
      m_intents_due=0;
      m_was_up=true;
      m_session.Begin(hello);
   }

   // Whether everything is there that a session needs: account, quotes, memory.
   bool              IsReady(void) {
      if(m_problem!="" || CPanel::Obstacle()!="" || m_market.Unquoted()!="")
         return(false);
      if(m_login!=CAccount::Login()) {
         m_login=m_executor.Open(CAccount::Login()) ? CAccount::Login() : 0;
         m_terminal_id=CAccount::TerminalNumber();
      }
      if(m_terminal_id==0)
         m_problem="this terminal's number can be neither read nor written: check the disk";
      bool is_ready=(m_problem=="" && m_login!=0 && m_feed.Start(m_market));
      if(!is_ready)
         BackOff();
      return(is_ready);
   }

   void              Introduce(WireHello &hello) {
      ZeroMemory(hello);
      hello.version_min=WIRE_VERSION;
      hello.version_max=WIRE_VERSION;
      WireFillIdentity(hello);
      hello.trade_allowed=(uchar)CAccount::MayTrade();
      hello.ea_build=ADVISOR_BUILD;
      hello.terminal_build=(uint)TerminalInfoInteger(TERMINAL_BUILD);
      hello.server_offset_s=CAccount::OffsetSeconds();
      hello.magic=InpMagic;
      hello.terminal_id=m_terminal_id;
      CText::Put(hello.company,AccountInfoString(ACCOUNT_COMPANY));
      uchar nonce[];
      if(CHash::Random(InpSecret,m_terminal_id,nonce))
         ArrayCopy(hello.client_nonce,nonce,0,0,WIRE_NONCE_BYTES);
   }

   void              BackOff(void) {
      double wait=MathMin(ADVISOR_LONGEST_WAIT_MS,ADVISOR_FIRST_WAIT_MS*MathPow(2.0,MathMin(m_failures,16)));
      wait*=0.5+MathRand()/65536.0;
      m_failures++;
      m_try_ms=GetTickCount64()+(m_session.IsRefused() ? ADVISOR_REFUSED_WAIT_MS : (ulong)wait);
   }

   // Heartbeats, and an end to a bridge that is silent or only pretends to live.
   void              Keep(void) {
      if(m_session.OnTime())
         Beat();
      bool waits=m_feed.Waiting()>0 || m_intents_due>0;
      if(m_session.IsLive() && !waits)
         m_answer_ms=GetTickCount64();
      else if(m_session.IsLive() && GetTickCount64()-m_answer_ms>ADVISOR_HALF_DEAD_MS)
         m_session.Leave(WIRE_BYE_RESTARTING,"no answer to ticks");
      if(m_was_up && m_session.IsDown())
         BackOff();
      m_was_up=!m_session.IsDown();
   }

   void              Beat(void) {
      WireHeartbeat body;
      ZeroMemory(body);
      body.server_time_s=(long)TimeTradeServer();
      body.utc_s=(long)TimeGMT();
      body.server_offset_s=CAccount::OffsetSeconds();
      WireFillMoney(body);
      body.ticks_sent=m_feed.Sent();
      body.ping_ms=(uint)(TerminalInfoInteger(TERMINAL_PING_LAST)/1000);
      int flags=WIRE_FLAG_READY|(CAccount::MayTrade() ? WIRE_FLAG_TRADE_ALLOWED : 0)
                |(CAccount::IsConnected() ? WIRE_FLAG_CONNECTED : 0);
      m_session.Beat(body,flags);
   }

   // -- what the bridge says ---------------------------------------------------------------------------------------

   // Whether anything came; waits `wait_ms` at most for it.
   bool              Hear(const uint wait_ms) {
      int type=m_session.Receive(wait_ms);
      bool has_come=(type!=0);
      while(type!=0) {
         Obey(type);
         type=m_session.Receive(0);
      }
      return(has_come);
   }

   void              Obey(const int type) {
      switch(type) {
         case WIRE_MESSAGE_WELCOME:   TellAll();          break;
         case WIRE_MESSAGE_HISTORY:   OnHistoryRequest(); break;
         case WIRE_MESSAGE_DECISION:  OnDecision();       break;
         case WIRE_MESSAGE_INTENT:    OnIntent();         break;
      }
      if(type==WIRE_MESSAGE_HEARTBEAT && m_session.IsSnapshotWanted())
         TellSnapshot();
   }

   void              TellAll(void) {
      m_market.Describe(m_frame);
      bool goes_on=m_session.Say(m_frame) && TellSnapshot();
      for(int i=0; i<WIRE_MAX_TIMEFRAMES && m_session.m_rules.timeframes[i]!=0; i++)
         for(int symbol=0; goes_on && symbol<m_market.Total(); symbol++)
            goes_on=m_history.Send(m_session,m_feed,symbol,m_market.Name(symbol),m_session.m_rules.timeframes[i],(int)m_session.m_rules.history_bars);
      if(goes_on)
         Beat();
      m_failures=0;
      m_executor.Forget(m_market.NowMsc(),m_session.m_rules.deal_watermark_msc);
   }

   bool              TellSnapshot(void) {
      CUpdate update;
      m_executor.LastWords(m_market.NowMsc(),update.m_results);
      m_ledger.Everything(m_session.m_rules,update);
      int room=m_session.RoomFor((int)sizeof(WireSymbol)),parts=MathMax(1,(update.Items()+room-1)/room);
      long now=m_market.NowMsc();
      for(int part=1; part<=parts; part++) {
         update.WriteSnapshot(m_frame,now,part,parts,room);
         if(!m_session.Say(m_frame))
            return(false);
      }
      return(true);
   }

   void              OnHistoryRequest(void) {
      WireHistory request;
      if(!m_session.Read(request))
         return;
      if(request.parts!=0 || (int)request.symbol_index>=m_market.Total())
         m_session.Fail(WIRE_ERROR_BAD_FRAME,"WireHistory is no request for a symbol of this session");
      else
         m_history.Send(m_session,m_feed,request.symbol_index,m_market.Name(request.symbol_index),request.timeframe,(int)request.bars);
   }

   void              OnDecision(void) {
      WireDecision decision;
      if(!m_session.Read(decision))
         return;
      m_answer_ms=GetTickCount64();
      m_intents_due+=decision.intents_following;
      m_feed.Answered(decision.batch);
      if((int)decision.symbol_index<m_market.Total())
         m_panel.Decided(m_market.Name(decision.symbol_index),CText::Of(decision.text));
   }

   void              OnIntent(void) {
      WireIntent intent;
      if(!m_session.Read(intent))
         return;
      m_answer_ms=GetTickCount64();
      m_intents_due=MathMax(0,m_intents_due-1);
      string flaw=COrders::Flaw(intent);
      if(flaw!="" || (int)intent.symbol_index>=m_market.Total()) {
         m_session.Fail(flaw!="" ? WIRE_ERROR_BAD_FRAME : WIRE_ERROR_UNKNOWN_SYMBOL,flaw!="" ? flaw : "WireIntent.symbol_index");
         return;
      }
      CUpdate update;
      m_executor.Execute(intent,m_market.Name(intent.symbol_index),m_market.NowMsc(),update.m_results);
      m_ledger.Touch();
      m_ledger.Changes(update);
      TellUpdate(update);
   }

   // -- what the bridge is told ------------------------------------------------------------------------------------

   void              Report(void) {
      CUpdate update;
      m_ledger.Changes(update);
      if(update.Items()>0)
         TellUpdate(update);
   }

   void              TellUpdate(const CUpdate &update) {
      update.WriteReport(m_frame,m_market.NowMsc());
      m_session.Say(m_frame);
   }

   // Sends what may leave of the ticks; whether anything did.
   bool              Stream(void) {
      bool has_sent=false;
      while(MaySend() && (m_feed.HasUnsent() || m_feed.Make(m_market,MaxTicks())) && m_feed.Send(m_session))
         has_sent=true;
      if(m_feed.IsBroken())
         m_session.Leave(WIRE_BYE_RESTARTING,"ticks had to be dropped");
      return(has_sent);
   }

   int               MaxTicks(void) const {
      return(MathMin((int)m_session.m_rules.max_ticks,m_session.RoomFor((int)sizeof(MqlTick))));
   }

   bool              MaySend(void) const {
      return(m_session.IsLive() && m_session.MaySay() && (!InpLockStep || (m_intents_due==0 && m_feed.Waiting()==0)));
   }

   // Takes answers until there is nothing to wait for. Only reads that came back empty count: clocks may stand still.
   bool              Await(const uint patience_ms) {
      uint waited=0;
      while(m_session.IsLive() && (m_feed.Waiting()>0 || m_intents_due>0) && !IsStopped()) {
         if(waited>=patience_ms)
            return(false);
         uint slice=MathMin(patience_ms-waited,ADVISOR_SLICE_MS);
         if(!Hear(slice))
            waited+=slice;
         Keep();
      }
      return(true);
   }
};
