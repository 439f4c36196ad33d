// One EA for many tests: inputs of every kind, faults, orders, and what it is told about them.
enum ENUM_WAY { WAY_NONE, WAY_ARRAY, WAY_FIXED, WAY_NEGATIVE, WAY_ZERO, WAY_FORMAT, WAY_BUY, WAY_ASYNC, WAY_BAD, WAY_REMOVE, WAY_BEFORE };

input group "Kinds"
input ENUM_WAY InpWay=WAY_NONE;
input bool     InpFlag=false;
input double   InpNumber=1.5;
input string   InpText="plain";
input datetime InpWhen=D'2026.01.02 03:04';
input long     InpLarge=-1;
input ulong    InpHuge=1;
input int      InpCode=0;

double g_from_input=InpNumber*2.0;
int    g_zero=0;

class CLast {
public:
   ~CLast(void) { Print("last words"); }
};
CLast g_last;

int OnInit(void) {
   Print(InpFlag," ",InpNumber," ",InpText," ",InpWhen," ",InpLarge," ",InpHuge," ",g_from_input);
   return(InpCode);
}

void OnDeinit(const int reason) { Print("deinit ",reason," ",IsStopped()); }

void Order(const bool is_async,const double volume) {
   MqlTradeRequest request={};
   MqlTradeResult result={};
   request.action=TRADE_ACTION_DEAL;
   request.symbol=_Symbol;
   request.volume=volume;
   request.type=ORDER_TYPE_BUY;
   request.price=SymbolInfoDouble(_Symbol,SYMBOL_ASK);
   request.type_filling=ORDER_FILLING_FOK;
   request.magic=7;
   request.comment="a comment";
   bool is_sent=is_async ? OrderSendAsync(request,result) : OrderSend(request,result);
   PrintFormat("%s %u deal %I64u error %d",is_sent ? "sent" : "refused",result.retcode,result.deal,GetLastError());
   PrintFormat("positions %d, in history %s",PositionsTotal(),HistoryDealSelect(result.deal) ? "yes" : "no");
}

void OnTick(void) {
   uchar grown[];
   int   fixed[3];
   ArrayResize(grown,2);
   switch(InpWay) {
      case WAY_ARRAY:    grown[ArraySize(grown)]=1; break;
      case WAY_BEFORE:   grown[g_zero-1]=1; break;
      case WAY_FIXED:    fixed[ArraySize(grown)+1]=1; break;
      case WAY_NEGATIVE: fixed[g_zero-1]=1; break;
      case WAY_ZERO:     Print(1/g_zero); break;
      case WAY_FORMAT:   Print(StringFormat("%d %d",1)); break;
      case WAY_BUY:      Order(false,0.1); break;
      case WAY_ASYNC:    Order(true,0.1); break;
      case WAY_BAD:      Order(false,0.001); break;
      case WAY_REMOVE:   ExpertRemove(); break;
      default:           Print("tick"); break;
   }
   Print("end of tick");
}

void OnTrade(void) { Print("trade"); }

void OnTradeTransaction(const MqlTradeTransaction &trans,const MqlTradeRequest &request,const MqlTradeResult &result) {
   string more=(trans.type==TRADE_TRANSACTION_REQUEST) ? StringFormat(" %s %u %u",request.comment,result.retcode,result.request_id)
               : StringFormat(" %s %.2f position %I64u",trans.symbol,trans.volume,trans.position);
   Print(EnumToString(trans.type)+more);
}
