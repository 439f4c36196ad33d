// What a person sees on the chart: where things stand, and what to do where something is wrong.
#include "Account.mqh"
#include "Session.mqh"

#define PANEL_EVERY_MS 500
#define PANEL_NOT_ALLOWED 4014
#define PANEL_NOT_CONNECTED 5272

class CPanel {
private:
   ulong             m_shown_ms;
   string            m_printed;
   string            m_decision;

public:
                     CPanel(void) : m_shown_ms(0) {}

   void              Decided(const string symbol,const string text) { m_decision=symbol+": "+text; }

   // What keeps the EA from trading, with its remedy; nothing where all is well.
   static string     Obstacle(void) {
      if(MQLInfoInteger(MQL_TESTER)!=0)
         return("the Strategy Tester has no sockets: use companion replay --ea mql5");
      if(InpSecret=="")
         return("InpSecret is empty: enter the same secret as COMPANION_SECRET of the bridge (F7, Inputs)");
      if(CAccount::Login()==0 || !CAccount::IsConnected())
         return("no connection to the broker: log in (File, Login to Trade Account) or wait");
      if(!CAccount::IsHedging())
         return("this is a netting account: open a hedging account, Companion keeps positions apart");
      return("");
   }

   // What keeps orders from being sent although the EA runs.
   static string     Warning(void) {
      if(InpLogin!=0 && InpLogin!=CAccount::Login())
         return(StringFormat("account %I64d is not the one of InpLogin, %I64d: log in to that one, or change InpLogin",CAccount::Login(),InpLogin));
      if(InpDemoOnly && !CAccount::IsDemo())
         return("this is no demo account: nothing is opened or closed unless InpDemoOnly is set to false");
      if(TerminalInfoInteger(TERMINAL_TRADE_ALLOWED)==0)
         return("AutoTrading is off in the terminal: press its button in the tool bar (Ctrl+E)");
      if(MQLInfoInteger(MQL_TRADE_ALLOWED)==0)
         return("AutoTrading is off for this EA: F7, Common, tick Allow Algo Trading");
      return(CAccount::MayTrade() ? "" : "the broker does not allow EAs to trade on this account: ask the broker");
   }

   // What to do about a socket's `error`; `problem` itself where there is nothing to add.
   static string     Remedy(const int error,const string problem) {
      string address=StringFormat("%s:%u",InpHost,InpPort);
      if(error==PANEL_NOT_ALLOWED)
         return("the terminal does not allow connections to "+InpHost
                +": Tools, Options, Expert Advisors, tick Allow WebRequest for listed URL, add "+InpHost);
      if(error==PANEL_NOT_CONNECTED)
         return("nothing answers at "+address+": is the bridge running there, and is "+InpHost
                +" listed under Tools, Options, Expert Advisors, Allow WebRequest for listed URL?");
      return(problem);
   }

   // Twice a second is often enough.
   bool              IsDue(void) const { return(GetTickCount64()-m_shown_ms>=PANEL_EVERY_MS); }

   // A new problem goes to the log as well, once until all is well again.
   void              Show(const string problem,const ENUM_SESSION_STATE state,const ulong ticks,const string note) {
      if(problem!="" && problem!=m_printed)
         Print(problem);
      if(problem!="" || state==SESSION_LIVE)
         m_printed=problem;
      m_shown_ms=GetTickCount64();
      Comment(StringFormat("Companion %s:%u: %s\n%I64u ticks sent\nlast decision %s\n%s\n%s",InpHost,InpPort,EnumToString(state),
                           ticks,m_decision=="" ? "none yet" : m_decision,problem,note));
   }
};
