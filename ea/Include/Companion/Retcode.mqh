// What the trade server's return codes say about a request.
class CRetcode {
public:
   static bool       IsDone(const uint code) {
      return(code==TRADE_RETCODE_DONE || code==TRADE_RETCODE_DONE_PARTIAL || code==TRADE_RETCODE_NO_CHANGES);
   }

   // The server did nothing, and a new price may help.
   static bool       IsSafeToRetry(const uint code) {
      return(code==TRADE_RETCODE_REQUOTE || code==TRADE_RETCODE_PRICE_CHANGED || code==TRADE_RETCODE_PRICE_OFF);
   }

   // It may have been done or not; so with every code that is not in MT5's list.
   static bool       IsUnknown(const uint code) {
      if(code==TRADE_RETCODE_TIMEOUT || code==TRADE_RETCODE_CONNECTION || code==TRADE_RETCODE_ERROR)
         return(true);
      return(code<TRADE_RETCODE_REQUOTE || code==10005 || code==10037 || code>TRADE_RETCODE_HEDGE_PROHIBITED);
   }
};
