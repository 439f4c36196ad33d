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

   void              Clear(void) {
      ArrayResize(m_results,0);
      ArrayResize(m_deals,0);
      ArrayResize(m_positions,0);
      ArrayResize(m_positions_gone,0);
      ArrayResize(m_orders,0);
      ArrayResize(m_orders_gone,0);
   }

   void              WriteReport(CFrame &frame,const long now_msc) const {
      WireReport body;
      ZeroMemory(body);
      body.time_msc=now_msc;
      CAccount::PutMoney(body);
      body.results=(ushort)ArraySize(m_results);
      body.deals=(ushort)ArraySize(m_deals);
      body.positions=(ushort)ArraySize(m_positions);
      body.positions_gone=(ushort)ArraySize(m_positions_gone);
      body.orders=(ushort)ArraySize(m_orders);
      body.orders_gone=(ushort)ArraySize(m_orders_gone);
      frame.Begin(WIRE_MESSAGE_REPORT);
      frame.Put(body);
      frame.AddRange(m_results,0,INT_MAX);
      frame.AddRange(m_deals,0,INT_MAX);
      frame.AddRange(m_positions,0,INT_MAX);
      frame.AddRange(m_positions_gone,0,INT_MAX);
      frame.AddRange(m_orders,0,INT_MAX);
      frame.AddRange(m_orders_gone,0,INT_MAX);
   }

   // Part `part` of `parts` of everything, at most `room` items each.
   void              WriteSnapshot(CFrame &frame,const long now_msc,const int part,const int parts,const int room) const {
      int start=(part-1)*room,end=start+room;
      int deals=ArraySize(m_results),positions=deals+ArraySize(m_deals),orders=positions+ArraySize(m_positions);
      WireSnapshot body;
      ZeroMemory(body);
      CAccount::PutIdentity(body);
      CAccount::PutMoney(body);
      body.credit=AccountInfoDouble(ACCOUNT_CREDIT);
      body.time_msc=now_msc;
      body.part=(ushort)part;
      body.parts=(ushort)parts;
      body.results=Count(0,deals,start,end);
      body.deals=Count(deals,positions,start,end);
      body.positions=Count(positions,orders,start,end);
      body.orders=Count(orders,Items(),start,end);
      frame.Begin(WIRE_MESSAGE_SNAPSHOT);
      frame.Put(body);
      frame.AddRange(m_results,start,end);
      frame.AddRange(m_deals,start-deals,end-deals);
      frame.AddRange(m_positions,start-positions,end-positions);
      frame.AddRange(m_orders,start-orders,end-orders);
   }

private:
   // How much of from..to lies in start..end.
   static ushort     Count(const int from,const int to,const int start,const int end) {
      return((ushort)MathMax(0,MathMin(to,end)-MathMax(from,start)));
   }
};
