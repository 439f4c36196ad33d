//+------------------------------------------------------------------+
//| Two moving averages; a position on each crossing                 |
//+------------------------------------------------------------------+
#property copyright "Example"
#property link      "https://example.com"
#property version   "1.20"
#property description "Opens a position when the fast average crosses the slow one"
#property strict

#include <Trade\SymbolInfo.mqh>
#include "signal_types.mqh"

#define RETRIES 3
#define PIPS(x) ((x)*10*_Point)
#undef  RETRIES
#define RETRIES 5

input group              "Averages"
input int                InpFast    = 12;             // fast period
input int                InpSlow    = 26;             // slow period
input ENUM_MA_METHOD     InpMethod  = MODE_EMA;
input ENUM_APPLIED_PRICE InpPrice   = PRICE_CLOSE;
input group              "Trading";
sinput ulong             InpMagic   = 20240101;
input double             InpLots    = 0.10;
input double             InpStop    = 25.0;           // stop [pips]
input datetime           InpFrom    = D'2024.01.01';
input color              InpColor   = clrDodgerBlue;
input color              InpOther   = C'0x10,0x20,0x30';
input string             InpComment = "cross";

int      g_fast=INVALID_HANDLE,g_slow=INVALID_HANDLE;
datetime g_last_bar=0;
const double FACTORS[]={1.0,1.5,2.5e-1,.5,3.};
static int s_signals=0;

int OnInit()
  {
   if(InpFast>=InpSlow)
     {
      PrintFormat("%s: the fast period %d is not below the slow one %d",__FUNCTION__,InpFast,InpSlow);
      return(INIT_PARAMETERS_INCORRECT);
     }
   g_fast=iMA(_Symbol,PERIOD_CURRENT,InpFast,0,InpMethod,InpPrice);
   g_slow=iMA(_Symbol,PERIOD_CURRENT,InpSlow,0,InpMethod,InpPrice);
   if(g_fast==INVALID_HANDLE || g_slow==INVALID_HANDLE)
      return(INIT_FAILED);
   if(!EventSetTimer(1))
      return(INIT_FAILED);
   ChartSetInteger(0,CHART_SHOW_GRID,false);
   return(INIT_SUCCEEDED);
  }

void OnDeinit(const int reason)
  {
   EventKillTimer();
   IndicatorRelease(g_fast);
   IndicatorRelease(g_slow);
   Comment("");
  }

bool IsNewBar(void)
  {
   datetime opened=iTime(_Symbol,_Period,0);
   if(opened==g_last_bar)
      return(false);
   g_last_bar=opened;
   return(true);
  }

bool Averages(double &fast[],double &slow[])
  {
   ArraySetAsSeries(fast,true);
   ArraySetAsSeries(slow,true);
   return(CopyBuffer(g_fast,0,0,3,fast)==3 && CopyBuffer(g_slow,0,0,3,slow)==3);
  }

ENUM_SIGNAL Crossing(const double &fast[],const double &slow[])
  {
   const bool above=(fast[1]>slow[1]);
   const bool before=(fast[2]>slow[2]);
   if(above==before)
      return(SIGNAL_NONE);
   return(above ? SIGNAL_BUY : SIGNAL_SELL);
  }

void OnTick()
  {
   if(!IsNewBar() || TimeCurrent()<InpFrom)
      return;
   double fast[],slow[];
   if(!Averages(fast,slow))
     {
      Print("no averages yet, error ",GetLastError());
      return;
     }
   ENUM_SIGNAL signal=Crossing(fast,slow);
   if(signal==SIGNAL_NONE)
      return;
   s_signals++;
   for(int attempt=0; attempt<RETRIES && !IsStopped(); attempt++)
     {
      uint retcode=Open(signal==SIGNAL_BUY ? ORDER_TYPE_BUY : ORDER_TYPE_SELL);
      if(retcode==TRADE_RETCODE_DONE)
         break;
      else if(retcode==TRADE_RETCODE_REQUOTE || retcode==TRADE_RETCODE_PRICE_OFF)
         continue;
      PrintFormat("%s refused: %u",EnumToString(signal),retcode);
      return;
     }
  }

uint Open(const ENUM_ORDER_TYPE type)
  {
   MqlTick tick;
   if(!SymbolInfoTick(_Symbol,tick))
      return(TRADE_RETCODE_PRICE_OFF);
   MqlTradeRequest request;
   MqlTradeResult  result;
   ZeroMemory(request);
   ZeroMemory(result);
   double direction=(type==ORDER_TYPE_BUY) ? 1.0 : -1.0;
   request.action   =TRADE_ACTION_DEAL;
   request.symbol   =_Symbol;
   request.magic    =InpMagic;
   request.volume   =InpLots*FACTORS[0];
   request.type     =type;
   request.price    =(type==ORDER_TYPE_BUY) ? tick.ask : tick.bid;
   request.sl       =NormalizeDouble(request.price-direction*PIPS(InpStop),_Digits);
   request.deviation=10;
   request.type_filling=ORDER_FILLING_IOC;
   request.comment  ="cross";
   if(!OrderSend(request,result) || result.retcode!=TRADE_RETCODE_DONE)
      PrintFormat("order: %u %s",result.retcode,result.comment);
   return(result.retcode);
  }

void OnTimer()
  {
   string lines="signals: "+IntegerToString(s_signals)+"\n"
                "last bar: "+TimeToString(g_last_bar)+"\n";
   lines+="spread: "+DoubleToString(SymbolInfoInteger(_Symbol,SYMBOL_SPREAD)/10.0,1);
   Comment(lines);
  }

double OnTester()
  {
   double trades=TesterStatistics(STAT_TRADES);
   return(trades>0 ? TesterStatistics(STAT_PROFIT)/trades : 0.0);
  }

void OnChartEvent(const int id,const long &lparam,const double &dparam,const string &sparam)
  {
   if(id==CHARTEVENT_KEYDOWN && lparam=='Q')
      ExpertRemove();
  }
