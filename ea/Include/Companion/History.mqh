// Bars for the bridge to warm up with, as CopyRates gives them from position 0: the last one is still running.
#include "Market.mqh"
#include "Session.mqh"

class CHistory {
private:
   MqlRates          m_rates[];

public:
   // While the terminal still loads them nothing is sent: the bridge asks again.
   bool              Send(CSession &session,const CMarket &market,const int symbol,const int timeframe,const int bars) {
      ENUM_TIMEFRAMES period=(ENUM_TIMEFRAMES)timeframe;
      int count=(bars>0) ? CopyRates(market.Name(symbol),period,0,bars,m_rates) : 0;
      if(count<bars && SeriesInfoInteger(market.Name(symbol),period,SERIES_SYNCHRONIZED)==0)
         return(true);
      int room=session.RoomFor((int)sizeof(MqlRates)),parts=MathMax(1,(count+room-1)/room);
      for(int part=1; part<=parts; part++) {
         CFrame frame;
         Write(frame,symbol,timeframe,part,parts,(part-1)*room,MathMin(count,part*room));
         if(!session.Say(frame))
            return(false);
      }
      return(true);
   }

private:
   void              Write(CFrame &frame,const int symbol,const int timeframe,const int part,const int parts,
                           const int from,const int to) const {
      WireHistory body;
      ZeroMemory(body);
      body.symbol_index=(ushort)symbol;
      body.part=(ushort)part;
      body.parts=(ushort)parts;
      body.timeframe=timeframe;
      body.bars=(uint)MathMax(to-from,0);
      frame.Begin(WIRE_MESSAGE_HISTORY);
      frame.Put(body);
      frame.AddRange(m_rates,from,to);
   }
};
