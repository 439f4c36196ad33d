// Every tick once and in order, in numbered batches that are kept until they are answered.
#include "Batch.mqh"
#include "Market.mqh"
#include "Session.mqh"

#define FEED_WINDOW 64

class CTickFeed {
private:
   CBatch            m_batches[FEED_WINDOW];   // by number, the oldest ones overwritten
   TickPlace         m_places[];
   MqlTick           m_ticks[];
   uint              m_oldest;                 // numbers: the oldest batch without an answer,
   uint              m_unsent;                 // the next one to be sent,
   uint              m_next;                   // the next one to be made
   ulong             m_sent;
   int               m_turn;
   bool              m_is_broken;
   string            m_gap;

public:
                     CTickFeed(void) : m_oldest(1),m_unsent(1),m_next(1),m_sent(0),m_turn(0),m_is_broken(false) {}
   ulong             Sent(void) const { return(m_sent); }
   string            Gap(void) const { return(m_gap); }
   // Whether ticks were lost in between: begin a new session, so that the bridge learns its bars anew.
   bool              IsBroken(void) const { return(m_is_broken); }
   bool              HasUnsent(void) const { return(m_unsent<m_next); }

   // Where ticks will flow from: on from where they ended, if the terminal still has that place, else from now on.
   bool              Start(const CMarket &market) {
      for(int i=0; i<market.Total(); i++) {
         TickPlace newest;
         if(!FindNewest(market.Name(i),newest))
            return(false);
         if(i>=ArraySize(m_places))
            Append(m_places,newest);
         else if(!IsThere(market.Name(i),m_places[i])) {
            TellGap(market.Name(i),m_places[i].msc,newest.msc);
            m_places[i]=newest;
            Skip();
         }
      }
      m_is_broken=false;
      return(true);
   }

   // Ticks go by from now on that will never be sent.
   void              Forget(void) {
      ArrayResize(m_places,0);
      Skip();
   }

   // A new connection: what was not answered goes out again.
   void              Rewind(void) { m_unsent=m_oldest; }

   // Where the ticks of `symbol` stand that were answered or are not in a batch yet.
   void              PlaceOf(const int symbol,TickPlace &place) const {
      place=m_places[symbol];
      for(uint number=m_next-1; number>=m_oldest; number--)
         if(m_batches[number%FEED_WINDOW].m_symbol==symbol && !m_batches[number%FEED_WINDOW].m_is_answered)
            place=m_batches[number%FEED_WINDOW].m_before;
   }

   // How many batches wait for their answer.
   int               Waiting(void) const {
      int count=0;
      for(uint number=m_oldest; number<m_unsent; number++)
         count+=m_batches[number%FEED_WINDOW].m_is_answered ? 0 : 1;
      return(count);
   }

   void              Answered(const uint number) {
      if(number<m_oldest || number>=m_unsent)
         return;
      m_batches[number%FEED_WINDOW].m_is_answered=true;
      while(m_oldest<m_unsent && m_batches[m_oldest%FEED_WINDOW].m_is_answered)
         m_oldest++;
   }

   // Puts the next ticks of the next symbol that has any into a batch.
   bool              Make(const CMarket &market,const int limit) {
      if(m_next-m_oldest>=FEED_WINDOW)
         return(false);
      for(int i=0; i<ArraySize(m_places); i++) {
         int symbol=(m_turn+i)%ArraySize(m_places);
         int first=0,end=Fresh(symbol,market.Name(symbol),limit,first);
         if(first<end) {
            Fill(symbol,first,end);
            m_turn=symbol+1;
            return(true);
         }
      }
      return(false);
   }

   // The next batch that is to leave.
   bool              Send(CSession &session) {
      while(HasUnsent() && m_batches[m_unsent%FEED_WINDOW].m_is_answered)
         m_unsent++;
      if(!HasUnsent())
         return(false);
      m_unsent++;
      return(session.Say(m_batches[(m_unsent-1)%FEED_WINDOW].m_frame));
   }

private:
   // Just behind the newest tick. Where the terminal has a quote but no ticks, at that quote's time.
   bool              FindNewest(const string name,TickPlace &place) {
      MqlTick quote;
      if(!SymbolInfoTick(name,quote))
         return(false);
      place.msc=quote.time_msc;
      place.seen=0;
      int count=CopyTicks(name,m_ticks,COPY_TICKS_ALL,(ulong)quote.time_msc,FEED_WINDOW);
      for(int i=0; i<count; i++)
         place=After(place,m_ticks[i].time_msc);
      return(count>=0);
   }

   // A number is left out: the bridge sees that the ticks do not go on where they ended.
   void              Skip(void) {
      m_next++;
      m_oldest=m_next;
      m_unsent=m_next;
   }

   bool              IsThere(const string name,const TickPlace &place) {
      if(place.seen==0)
         return(true);
      int count=CopyTicks(name,m_ticks,COPY_TICKS_ALL,(ulong)place.msc,(uint)place.seen);
      return(count==place.seen && m_ticks[count-1].time_msc==place.msc);
   }

   static TickPlace  After(const TickPlace &place,const long msc) {
      TickPlace next;
      next.msc=msc;
      next.seen=(msc==place.msc) ? place.seen+1 : 1;
      return(next);
   }

   // Reads from the last millisecond again: `first` up to the result are the ticks not seen yet.
   int               Fresh(const int symbol,const string name,const int limit,int &first) {
      TickPlace place=m_places[symbol];
      int count=CopyTicks(name,m_ticks,COPY_TICKS_ALL,(ulong)place.msc,(uint)(place.seen+limit));
      while(first<count && first<place.seen && m_ticks[first].time_msc==place.msc)
         first++;
      m_is_broken=m_is_broken || (first<count && first<place.seen);
      return(m_is_broken ? 0 : MathMin(count,first+limit));
   }

   void              TellGap(const string name,const long from,const long to) {
      m_gap=StringFormat("%s: ticks from %s to %s may be missing; the terminal no longer has them",name,
                         TimeToString((datetime)(from/1000),TIME_DATE|TIME_SECONDS),
                         TimeToString((datetime)(to/1000),TIME_DATE|TIME_SECONDS));
      Print(m_gap);
   }

   void              Fill(const int symbol,const int first,const int end) {
      int slot=(int)(m_next%FEED_WINDOW);
      m_batches[slot].m_before=m_places[symbol];
      m_batches[slot].m_symbol=symbol;
      m_batches[slot].m_is_answered=false;
      WireTicks body;
      ZeroMemory(body);
      body.symbol_index=(ushort)symbol;
      body.server_offset_s=CAccount::OffsetSeconds();
      body.batch=m_next;
      WireFillMoney(body);
      m_batches[slot].m_frame.Begin(WIRE_MESSAGE_TICKS,WIRE_FLAG_WANTS_DECISION);
      m_batches[slot].m_frame.Put(body);
      m_batches[slot].m_frame.AddRange(m_ticks,first,end);
      for(int i=first; i<end; i++)
         m_places[symbol]=After(m_places[symbol],m_ticks[i].time_msc);
      m_sent+=(ulong)(end-first);
      m_next++;
   }
};
