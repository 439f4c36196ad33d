// The account and the terminal's clocks, as the wire wants them.
#include "Hash.mqh"
#include "WireFill.mqh"

#define ACCOUNT_OFFSET_STEP_S 900
#define ACCOUNT_NUMBER "Companion.terminal_id"

class CAccount {
public:
   static long       Login(void) { return(AccountInfoInteger(ACCOUNT_LOGIN)); }
   static bool       IsConnected(void) { return(TerminalInfoInteger(TERMINAL_CONNECTED)!=0); }
   static bool       IsHedging(void) { return(AccountInfoInteger(ACCOUNT_MARGIN_MODE)==ACCOUNT_MARGIN_MODE_RETAIL_HEDGING); }
   static bool       IsDemo(void) { return(AccountInfoInteger(ACCOUNT_TRADE_MODE)==ACCOUNT_TRADE_MODE_DEMO); }

   static bool       MayTrade(void) {
      return(TerminalInfoInteger(TERMINAL_TRADE_ALLOWED)!=0 && MQLInfoInteger(MQL_TRADE_ALLOWED)!=0
             && AccountInfoInteger(ACCOUNT_TRADE_ALLOWED)!=0 && AccountInfoInteger(ACCOUNT_TRADE_EXPERT)!=0);
   }

   // This terminal's number: made up once, kept on its disk among the global variables. 0 where that fails.
   static ulong      TerminalNumber(void) {
      double number=0.0;
      uchar digest[];
      if(GlobalVariableGet(ACCOUNT_NUMBER,number) && number>=1.0)
         return((ulong)number);
      if(!CHash::Random(InpSecret,(ulong)Login(),digest))
         return(0);
      for(int i=0; i<6; i++)
         number=number*256.0+digest[i];   // 48 bits: a double holds 53
      if(GlobalVariableSet(ACCOUNT_NUMBER,number)==0)
         return(0);
      GlobalVariablesFlush();
      return((ulong)number);
   }

   // The broker's clock minus UTC [s]: every civil time zone is a multiple of a quarter of an hour.
   static int        OffsetSeconds(void) {
      double difference=(double)((long)TimeTradeServer()-(long)TimeGMT());
      return((int)MathRound(difference/ACCOUNT_OFFSET_STEP_S)*ACCOUNT_OFFSET_STEP_S);
   }

   // The rounding as in domain/pricing.py: to the grid of the tick size, then without binary noise.
   static double     Rounded(const string symbol,const double price) {
      double tick=SymbolInfoDouble(symbol,SYMBOL_TRADE_TICK_SIZE);
      double scale=MathPow(10.0,(double)SymbolInfoInteger(symbol,SYMBOL_DIGITS));
      if(tick<=0.0)
         return(price);
      return(MathFloor(MathFloor(price/tick+0.5)*tick*scale+0.5)/scale);
   }
};
