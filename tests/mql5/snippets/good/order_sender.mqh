//+------------------------------------------------------------------+
//| A class that sends orders, as the usual trade class does          |
//+------------------------------------------------------------------+
#ifndef ORDER_SENDER_MQH
#define ORDER_SENDER_MQH

#define SENDER_LOG(text) if(m_verbose) Print(__FUNCTION__,": ",text)

enum ENUM_LOG_LEVELS
  {
   LOG_LEVEL_NO    =0,
   LOG_LEVEL_ERRORS=1,
   LOG_LEVEL_ALL   =2
  };

class COrderSender
  {
protected:
   MqlTradeRequest   m_request;
   MqlTradeResult    m_result;
   ulong             m_magic;
   ulong             m_deviation;
   bool              m_async_mode;
   bool              m_verbose;
   ENUM_ORDER_TYPE_FILLING m_type_filling;
   ENUM_LOG_LEVELS   m_log_level;
   string            m_words[4];

public:
                     COrderSender(void);
                    ~COrderSender(void) {}
   void              SetMagic(const ulong magic)                 { m_magic=magic;          }
   void              SetDeviation(const ulong deviation)         { m_deviation=deviation;  }
   void              LogLevel(const ENUM_LOG_LEVELS level)       { m_log_level=level;      }
   uint              ResultRetcode(void) const                   { return(m_result.retcode); }
   string            ResultComment(void) const                   { return(m_result.comment); }
   bool              Buy(const double volume,const string symbol=NULL,double price=0.0,const double sl=0.0,const double tp=0.0,const string comment="");
   bool              PositionClose(const ulong ticket,const ulong deviation=ULONG_MAX);
   virtual bool      OrderSend(const MqlTradeRequest &request,MqlTradeResult &result);

protected:
   bool              FillingCheck(const string symbol);
   void              ClearStructures(void);
   bool              IsHedging(void) const { return(AccountInfoInteger(ACCOUNT_MARGIN_MODE)==ACCOUNT_MARGIN_MODE_RETAIL_HEDGING); }
  };

COrderSender::COrderSender(void) : m_magic(0),
                                   m_deviation(10),
                                   m_async_mode(false),
                                   m_verbose(true),
                                   m_type_filling(ORDER_FILLING_FOK),
                                   m_log_level(LOG_LEVEL_ERRORS)
  {
   ClearStructures();
   m_words[0]="buy";
   m_words[3]="limit";
  }

void COrderSender::ClearStructures(void)
  {
   ZeroMemory(m_request);
   ZeroMemory(m_result);
  }

bool COrderSender::FillingCheck(const string symbol)
  {
   ENUM_SYMBOL_TRADE_EXECUTION execution=(ENUM_SYMBOL_TRADE_EXECUTION)SymbolInfoInteger(symbol,SYMBOL_TRADE_EXEMODE);
   if(execution==SYMBOL_TRADE_EXECUTION_REQUEST || execution==SYMBOL_TRADE_EXECUTION_INSTANT)
      return(true);
   uint filling=(uint)SymbolInfoInteger(symbol,SYMBOL_FILLING_MODE);
   switch(execution)
     {
      case SYMBOL_TRADE_EXECUTION_MARKET:
        {
         if((filling&SYMBOL_FILLING_FOK)==SYMBOL_FILLING_FOK)
           {
            m_type_filling=ORDER_FILLING_FOK;
            return(true);
           }
         m_type_filling=ORDER_FILLING_IOC;
         return((filling&SYMBOL_FILLING_IOC)!=0);
        }
      case SYMBOL_TRADE_EXECUTION_EXCHANGE:
      default:
         m_type_filling=ORDER_FILLING_RETURN;
     }
   return(true);
  }

bool COrderSender::Buy(const double volume,const string symbol=NULL,double price=0.0,const double sl=0.0,const double tp=0.0,const string comment="")
  {
   if(volume<=0.0)
     {
      m_result.retcode=TRADE_RETCODE_INVALID_VOLUME;
      return(false);
     }
   string name=(symbol==NULL) ? _Symbol : symbol;
   if(price==0.0)
      price=SymbolInfoDouble(name,SYMBOL_ASK);
   ClearStructures();
   m_request.action=TRADE_ACTION_DEAL;
   m_request.symbol=name;
   m_request.volume=volume;
   m_request.type  =ORDER_TYPE_BUY;
   m_request.price =price;
   m_request.sl=sl;
   m_request.tp=tp;
   m_request.magic=m_magic;
   m_request.comment=comment;
   SENDER_LOG("sends");
   if(!FillingCheck(name))
      return(false);
   return(OrderSend(m_request,m_result));
  }

bool COrderSender::PositionClose(const ulong ticket,const ulong deviation=ULONG_MAX)
  {
   if(!PositionSelectByTicket(ticket))
      return(false);
   string symbol=PositionGetString(POSITION_SYMBOL);
   bool   is_buy=((ENUM_POSITION_TYPE)PositionGetInteger(POSITION_TYPE)==POSITION_TYPE_BUY);
   ClearStructures();
   m_request.action   =TRADE_ACTION_DEAL;
   m_request.position =ticket;
   m_request.symbol   =symbol;
   m_request.volume   =PositionGetDouble(POSITION_VOLUME);
   m_request.type     =is_buy ? ORDER_TYPE_SELL : ORDER_TYPE_BUY;
   m_request.price    =SymbolInfoDouble(symbol,is_buy ? SYMBOL_BID : SYMBOL_ASK);
   m_request.deviation=(deviation==ULONG_MAX) ? m_deviation : deviation;
   return(OrderSend(m_request,m_result));
  }

bool COrderSender::OrderSend(const MqlTradeRequest &request,MqlTradeResult &result)
  {
   bool sent=m_async_mode ? ::OrderSendAsync(request,result) : ::OrderSend(request,result);
   if(!sent && m_log_level>=LOG_LEVEL_ERRORS)
      PrintFormat("%s [%s] failed: %u",__FUNCTION__,request.symbol,result.retcode);
   return(sent);
  }

#endif
