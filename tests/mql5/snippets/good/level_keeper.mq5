/* Keeps support and resistance levels in a file and draws them.
   Uses templates, unions, statics, files, transactions and nested loops. */
#property strict
#include "signal_types.mqh"
#include "order_sender.mqh"

#ifdef __MQL5__
#define BUILD_NAME "five"
#else
#define BUILD_NAME "four"
#endif

#define ROWS 4
#define COLUMNS 6

const int   LEVELS=16;
double      g_table[ROWS][COLUMNS];
string      g_names[]={"low","middle","high"};
Level       g_levels[LEVELS];
CList<int>  g_touched;
COrderSender g_sender;
MqlRates    g_rates[];
ulong       g_seen[];
uint        g_mask=0xFF&0x0F;

class CSpan : public IScored
  {
private:
   double            m_from,m_to;
   string            m_name;
public:
                     CSpan(const double from,const double to) : m_from(from),m_to(to),m_name("span") {}
                     CSpan(const CSpan &other) : m_from(other.m_from),m_to(other.m_to),m_name("copy") {}
   double            Score(void) const override { return(this.m_to-this.m_from); }
   string            Name(void) const override  { return(m_name+"/"+(string)m_from); }
   bool              Has(const double price) const { return(price>=m_from && price<=m_to); }
  };

ulong Checksum(const uchar &bytes[],const int size)
  {
   ulong sum=14695981039346656037;
   for(int i=0,j=size-1; i<size && j>=0; i++,j--)
     {
      sum^=bytes[i];
      sum*=1099511628211;
      sum=(sum<<5)|(sum>>59);
     }
   return(sum);
  }

bool Save(const string name)
  {
   ResetLastError();
   int file=FileOpen(name,FILE_WRITE|FILE_BIN|FILE_COMMON);
   if(file==INVALID_HANDLE)
     {
      Print("cannot open ",name,": ",GetLastError());
      return(false);
     }
   bool saved=true;
   for(int i=0; i<LEVELS && saved; ++i)
      saved=(FileWriteStruct(file,g_levels[i])==sizeof(Level));
   FileFlush(file);
   FileClose(file);
   return(saved);
  }

int OnInit(void)
  {
   for(int row=0; row<ROWS; row++)
      for(int column=0; column<COLUMNS; column++)
         g_table[row][column]=row*COLUMNS+column;
   ArrayInitialize(g_seen,0);
   int got=CopyRates(_Symbol,PERIOD_H1,0,100,g_rates);
   if(got<=0)
      return(INIT_FAILED);
   do
     {
      got--;
      if((got&1)==0)
         continue;
      g_levels[got%LEVELS].price=g_rates[got].high;
      uchar label[];
      int used=StringToCharArray(g_names[got%3],label,0,StringLen(g_names[got%3]),CP_UTF8);
      ArrayCopy(g_levels[got%LEVELS].label,label,0,0,MathMin(used,16));
     }
   while(got>0);
   MathSrand((int)TimeLocal());
   Print(BUILD_NAME,' ',(double)MathRand()/32767.0,-1,+1,~g_mask,!true);
   return(Save("levels.bin") ? INIT_SUCCEEDED : INIT_FAILED);
  }

void OnTick(void)
  {
   MqlTick tick;
   if(!SymbolInfoTick(_Symbol,tick))
      return;
   CSpan span(tick.bid-100*_Point,tick.ask+100*_Point);
   Price price;
   price.value=tick.bid;
   for(int i=0; i<LEVELS; i++)
     {
      if(!span.Has(g_levels[i].price))
         continue;
      if(g_touched.Find(i)<0 && !g_touched.Add(i))
         return;
      string name="level "+IntegerToString(i);
      if(ObjectFind(0,name)<0)
        {
         ObjectCreate(0,name,OBJ_HLINE,0,0,g_levels[i].price);
         ObjectSetInteger(0,name,OBJPROP_COLOR,i%2==0 ? clrRed : C'0,128,255');
        }
     }
   Comment(StringFormat("%s %.5f %I64d",span.Name(),span.Score(),price.bits));
  }

void OnTradeTransaction(const MqlTradeTransaction &trans,const MqlTradeRequest &request,const MqlTradeResult &result)
  {
   switch(trans.type)
     {
      case TRADE_TRANSACTION_DEAL_ADD:
         if(HistoryDealSelect(trans.deal) && HistoryDealGetInteger(trans.deal,DEAL_ENTRY)==DEAL_ENTRY_OUT)
            Print("closed with ",HistoryDealGetDouble(trans.deal,DEAL_PROFIT));
         break;
      case TRADE_TRANSACTION_REQUEST:
         if(result.retcode!=TRADE_RETCODE_DONE)
            Print(request.symbol,": ",result.retcode);
         break;
      default:
         break;
     }
  }

void OnBookEvent(const string &symbol)
  {
   MqlBookInfo book[];
   if(MarketBookGet(symbol,book))
      Print(symbol," ",ArraySize(book));
  }

void OnTrade(void) { ; }

void OnDeinit(const int reason)
  {
   string why=reason==REASON_REMOVE ? "removed" :
              reason==REASON_CHARTCLOSE ? "chart closed" :
              "other";
   Print(why);
   for(int i=ObjectsTotal(0)-1; i>=0; i--)
      if(StringFind(ObjectName(0,i),"level ")==0)
         ObjectDelete(0,ObjectName(0,i));
  }
