// Bars for the bridge to warm up with, as CopyRates gives them from position 0: the last one is still running.
#include "Session.mqh"
#include "TickFeed.mqh"

class CHistory {
private:
   MqlRates          m_rates[];

public:
   // While the terminal still loads them nothing is sent: the bridge asks again.
   bool              Send(CSession &session,const CTickFeed &feed,const int symbol,const string name,const int timeframe,
                          const int bars) {
      ENUM_TIMEFRAMES period=(ENUM_TIMEFRAMES)timeframe;
      int count=(bars>0) ? MathMax(0,CopyRates(name,period,0,bars,m_rates)) : 0;
      if(count<bars && SeriesInfoInteger(name,period,SERIES_SYNCHRONIZED)==0)
         return(true);
      TickPlace place;
      feed.PlaceOf(symbol,place);
      count=TakeBack(name,period,place,count);
      int room=session.RoomFor((int)sizeof(MqlRates)),parts=MathMax(1,(count+room-1)/room);
      WireHistory body;
      ZeroMemory(body);
      body.symbol_index=(ushort)symbol;
      body.timeframe=timeframe;
      body.parts=(ushort)parts;
      for(int part=1; part<=parts && !session.IsDown(); part++) {
         CFrame frame;
         body.part=(ushort)part;
         body.bars=(uint)(MathMin(count,part*room)-(part-1)*room);
         frame.Begin(WIRE_MESSAGE_HISTORY);
         frame.Put(body);
         frame.AddRange(m_rates,(part-1)*room,MathMin(count,part*room));
         session.Say(frame);
      }
      return(!session.IsDown());
   }

private:
   // Takes ticks out of the bars that lie behind `place`: they are still to flow, and would count twice. How many bars are left.
   int               TakeBack(const string name,const ENUM_TIMEFRAMES period,const TickPlace &place,const int count) {
      MqlTick ticks[];
      if(place.seen==0 || CopyTicks(name,ticks,COPY_TICKS_ALL,(ulong)place.msc,(uint)place.seen+1)<=place.seen)
         return(count);
      int last=count-1;
      while(last>=0 && (long)m_rates[last].time*1000>place.msc)
         last--;
      if(last<0)
         return(0);
      ulong opens=(ulong)m_rates[last].time*1000,closes=opens+(ulong)PeriodSeconds(period)*1000-1;
      int total=CopyTicksRange(name,ticks,COPY_TICKS_ALL,opens,closes);
      if(total>0 && total==m_rates[last].tick_volume)   // otherwise the terminal no longer has all of them
         Fold(last,ticks,place,SymbolInfoDouble(name,SYMBOL_POINT));
      return(last+1);
   }

   // Makes the bar of its ticks up to `place`; it opened with the first of them.
   void              Fold(const int bar,const MqlTick &ticks[],const TickPlace &place,const double point) {
      m_rates[bar].tick_volume=0;
      for(int i=0,seen=0; i<ArraySize(ticks) && (ticks[i].time_msc<place.msc || seen<place.seen); i++) {
         bool is_first=(i==0);
         int spread=(int)MathFloor((ticks[i].ask-ticks[i].bid)/point+0.5);
         seen+=(ticks[i].time_msc==place.msc) ? 1 : 0;
         m_rates[bar].tick_volume++;
         m_rates[bar].high=is_first ? ticks[i].bid : MathMax(m_rates[bar].high,ticks[i].bid);
         m_rates[bar].low=is_first ? ticks[i].bid : MathMin(m_rates[bar].low,ticks[i].bid);
         m_rates[bar].spread=is_first ? spread : MathMin(m_rates[bar].spread,spread);
         m_rates[bar].close=ticks[i].bid;
      }
   }
};
