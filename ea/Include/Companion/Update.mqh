// What there is to tell about trading, and how REPORT and SNAPSHOT carry it.
#include "Account.mqh"
#include "Frame.mqh"

class CUpdate {
public:
   WireResult        m_results[];
   WireDeal          m_deals[];
   WirePosition      m_positions[];
   WireGone          m_positions_gone[];
   WireOrder         m_orders[];
   WireGone          m_orders_gone[];

   int               Items(void) const {
      return(ArraySize(m_results)+ArraySize(m_deals)+ArraySize(m_positions)+ArraySize(m_positions_gone)
             +ArraySize(m_orders)+ArraySize(m_orders_gone));
   }

   void              WriteReport(CFrame &frame,const long now_msc) const {
      WireReport body;
      ZeroMemory(body);
      body.time_msc=now_msc;
      WireFillMoney(body);
      frame.Begin(WIRE_MESSAGE_REPORT);
      frame.Put(body);
      body.results=frame.AddRange(m_results,0,INT_MAX);
      body.deals=frame.AddRange(m_deals,0,INT_MAX);
      body.positions=frame.AddRange(m_positions,0,INT_MAX);
      body.positions_gone=frame.AddRange(m_positions_gone,0,INT_MAX);
      body.orders=frame.AddRange(m_orders,0,INT_MAX);
      body.orders_gone=frame.AddRange(m_orders_gone,0,INT_MAX);
      frame.Correct(body);
   }

   // Part `part` of `parts` of everything, at most `room` items each.
   void              WriteSnapshot(CFrame &frame,const long now_msc,const int part,const int parts,const int room) const {
      int start=(part-1)*room,end=start+room;
      int deals=ArraySize(m_results),positions=deals+ArraySize(m_deals),orders=positions+ArraySize(m_positions);
      WireSnapshot body;
      ZeroMemory(body);
      WireFillIdentity(body);
      WireFillMoney(body);
      body.trade_allowed=(uchar)CAccount::MayTrade();
      body.credit=AccountInfoDouble(ACCOUNT_CREDIT);
      body.time_msc=now_msc;
      body.part=(ushort)part;
      body.parts=(ushort)parts;
      frame.Begin(WIRE_MESSAGE_SNAPSHOT);
      frame.Put(body);
      body.results=frame.AddRange(m_results,start,end);
      body.deals=frame.AddRange(m_deals,start-deals,end-deals);
      body.positions=frame.AddRange(m_positions,start-positions,end-positions);
      body.orders=frame.AddRange(m_orders,start-orders,end-orders);
      frame.Correct(body);
   }
};
