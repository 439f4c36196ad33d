// MT5's economic calendar for the bridge: what is near when a session begins, then what has changed.
// All times are the trade server's with today's offset, past and future alike, and go out as they are: CALENDAR carries
// the server's time, a heartbeat the offset, and the bridge converts. Missing values are LONG_MIN on both sides.
#include "Session.mqh"

#define CALENDAR_EVERY_MS 60000
#define CALENDAR_WHOLE_MS 21600000
#define CALENDAR_DAY_S 86400
#define CALENDAR_DAYS_AHEAD 7

class CCalendar {
private:
   ulong             m_change_id;
   ulong             m_asked_ms;
   ulong             m_whole_ms;
   bool              m_is_begun;

public:
                     CCalendar(void) : m_change_id(0),m_asked_ms(0),m_whole_ms(0),m_is_begun(false) {}
   // A new session knows nothing yet.
   void              Restart(void) { m_is_begun=false; }

   void              Run(CSession &session) {
      ulong now=GetTickCount64();
      if(!InpCalendar || !session.IsLive() || (m_is_begun && now-m_asked_ms<CALENDAR_EVERY_MS))
         return;
      m_asked_ms=now;
      // Changes say nothing of what has come within reach since: now and then all is told again.
      bool is_whole=!m_is_begun || now-m_whole_ms>=CALENDAR_WHOLE_MS;
      if(is_whole)
         m_whole_ms=now;
      MqlCalendarValue values[];
      ResetLastError();
      int count=is_whole ? Begin(values) : CalendarValueLast(m_change_id,values);
      if(count<0)
         PrintFormat("the calendar does not answer, error %d",GetLastError());
      else
         Tell(session,values,count,is_whole);
   }

private:
   // The number of the latest change first, so that none falls between it and the list.
   int               Begin(MqlCalendarValue &values[]) {
      MqlCalendarValue none[];
      m_change_id=0;
      m_is_begun=true;
      if(CalendarValueLast(m_change_id,none)<0)
         return(-1);
      datetime now=TimeTradeServer();
      return(CalendarValueHistory(values,now-CALENDAR_DAY_S,now+CALENDAR_DAYS_AHEAD*CALENDAR_DAY_S) ? ArraySize(values) : 0);
   }

   void              Tell(CSession &session,const MqlCalendarValue &values[],const int count,const bool is_whole) {
      int room=session.RoomFor((int)sizeof(WireCalendarValue));
      for(int from=0; from<count && session.IsLive(); from+=room) {
         WireCalendar body;
         ZeroMemory(body);
         body.server_time_s=(long)TimeTradeServer();
         body.change_id=is_whole ? 0 : m_change_id;
         CFrame frame;
         frame.Begin(WIRE_MESSAGE_CALENDAR);
         frame.Put(body);
         for(int i=from; i<MathMin(count,from+room); i++)
            Add(frame,values[i]);
         if(frame.Items()>0)
            session.Say(frame);
      }
   }

   static void       Add(CFrame &frame,const MqlCalendarValue &value) {
      MqlCalendarEvent event;
      MqlCalendarCountry country;
      if(!CalendarEventById(value.event_id,event) || !CalendarCountryById(event.country_id,country))
         return;
      WireCalendarValue item;
      WireFill(item,value,event,country);
      frame.Add(item);
   }
};
