// Companion: streams quotes to the bridge, carries out its intents once, and keeps stops moving while it is silent.
#property copyright "MIT License"
#property version   "1.00"
#property description "Trading and risk decisions come from the Companion bridge; this EA makes none of its own."

input group "Bridge"
input string InpHost="127.0.0.1";        // Address of the bridge
input uint   InpPort=5555;               // Port of the bridge
input string InpSecret="";               // Shared secret (COMPANION_SECRET)
input string InpSymbols="";              // Symbols, separated by commas; empty: this chart's
input long   InpMagic=770001;            // Magic number (COMPANION_MAGIC)

input group "How it runs"
input bool   InpLockStep=false;          // Wait for each decision before the next tick
input uint   InpDecisionWaitMs=50;       // A tick waits so long for its decision [ms]; 0: take it later
input int    InpTimerMs=20;              // Look around at least this often [ms]
input bool   InpAsync=false;             // Send orders without waiting for the server
input int    InpRetries=2;               // Tries again after a requote
input int    InpSilentSeconds=10;        // Keep stops by the last instructions after so long without the bridge [s]
input bool   InpCalendar=true;           // Forward the terminal's economic calendar

input group "Limits of this terminal"
input long   InpLogin=0;                 // The only account to trade on; 0: any
input bool   InpDemoOnly=true;           // Demo accounts only
input string InpAllowedSymbols="";       // Symbols that may be traded, separated by commas; empty: all
input double InpMaxLots=1.0;             // Largest order [lots]
input int    InpOrdersPerMinute=30;      // Most orders in a minute
input int    InpMaxSpreadPoints=0;       // Widest spread for an entry [points]; 0: any
input double InpMaxDailyLoss=0.0;        // No entries after this loss in a day [account currency]; 0: off

#include <Companion/Advisor.mqh>

CAdvisor g_advisor;

int OnInit(void) {
   if(!WireSizesOk()) {
      Print("this compiler lays structures out in another way than the bridge: use a current MetaEditor");
      return(INIT_FAILED);
   }
   g_advisor.Start();
   return(EventSetMillisecondTimer(InpTimerMs) ? INIT_SUCCEEDED : INIT_FAILED);
}

void OnDeinit(const int reason) {
   EventKillTimer();
   g_advisor.Stop(reason==REASON_REMOVE || reason==REASON_CHARTCLOSE ? WIRE_BYE_REMOVED : WIRE_BYE_STOPPING);
   Comment("");
}

void OnTick(void) { g_advisor.OnQuotes(InpLockStep ? ADVISOR_HALF_DEAD_MS : InpDecisionWaitMs); }

void OnTimer(void) {
   g_advisor.OnQuotes(InpLockStep ? ADVISOR_HALF_DEAD_MS : 0);
   g_advisor.OnTime();
}

void OnTradeTransaction(const MqlTradeTransaction &trans,const MqlTradeRequest &request,const MqlTradeResult &result) {
   g_advisor.OnTransaction(trans,request,result);
}
