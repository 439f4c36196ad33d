// Deals, positions and orders as the terminal shows them, beside what the bridge was last told.
#include "Update.mqh"

#define LEDGER_DAY_S 86400

class CLedger {
private:
   WirePosition      m_positions[];
   WireOrder         m_orders[];
   long              m_deals[];      // tickets, rising
   datetime          m_since;
   double            m_balance;
   bool              m_is_stale;

public:
                     CLedger(void) : m_since(0),m_balance(0.0),m_is_stale(true) {}

   // Something has happened.
   void              Touch(void) { m_is_stale=true; }

   // Everything there is, with the deals after the watermark; counts as told.
   void              Everything(const WireWelcome &welcome,CUpdate &update) {
      ArrayResize(m_positions,0);
      ArrayResize(m_orders,0);
      ArrayResize(m_deals,0);
      m_since=(datetime)(welcome.deal_watermark_msc/1000);
      Collect(update,welcome.deal_watermark_msc,welcome.deal_watermark_ticket);
   }

   // What is not as it was told; counts as told. Transactions can be lost, so a change of balance or number is enough.
   void              Changes(CUpdate &update) {
      if(m_is_stale || MathAbs(AccountInfoDouble(ACCOUNT_BALANCE)-m_balance)>0.0
         || PositionsTotal()!=ArraySize(m_positions))
         Collect(update,0,0);
   }

private:
   void              Collect(CUpdate &update,const long after_msc,const ulong after_ticket) {
      m_is_stale=false;
      m_balance=AccountInfoDouble(ACCOUNT_BALANCE);
      CollectDeals(update,after_msc,after_ticket);
      CollectPositions(update);
      CollectOrders(update);
   }

   void              CollectDeals(CUpdate &update,const long after_msc,const ulong after_ticket) {
      if(!HistorySelect(m_since,TimeCurrent()+LEDGER_DAY_S)) {
         m_is_stale=true;
         return;
      }
      for(int i=0; i<HistoryDealsTotal(); i++) {
         ulong ticket=HistoryDealGetTicket(i);
         long time_msc=HistoryDealGetInteger(ticket,DEAL_TIME_MSC);
         bool is_later=time_msc>after_msc || (time_msc==after_msc && ticket>after_ticket);
         if(ticket==0 || !is_later || IsTold((long)ticket))
            continue;
         WireDeal deal;
         WireFill(deal,ticket);
         Append(update.m_deals,deal);
         Append(m_deals,(long)ticket);
         int last=ArraySize(m_deals)-1;
         if(last>0 && m_deals[last]<m_deals[last-1] && !ArraySort(m_deals))
            m_is_stale=true;
      }
   }

   bool              IsTold(const long ticket) const {
      int size=ArraySize(m_deals);
      if(size==0 || ticket>m_deals[size-1])
         return(false);
      return(m_deals[ArrayBsearch(m_deals,ticket)]==ticket);
   }

   void              CollectPositions(CUpdate &update) {
      WirePosition now[],position;
      for(int i=0; i<PositionsTotal(); i++)
         if(PositionGetTicket(i)!=0) {
            WireFill(position);
            Append(now,position);
         }
      Compare(m_positions,now,update.m_positions,update.m_positions_gone);
   }

   // Orders on their way to the market, and out of it, are none of the bridge's business.
   void              CollectOrders(CUpdate &update) {
      WireOrder now[],order;
      for(int i=0; i<OrdersTotal(); i++)
         if(OrderGetTicket(i)!=0 && IsStanding(OrderGetInteger(ORDER_STATE))) {
            WireFill(order);
            Append(now,order);
         }
      Compare(m_orders,now,update.m_orders,update.m_orders_gone);
   }

   static bool       IsStanding(const long state) { return(state==ORDER_STATE_PLACED || state==ORDER_STATE_PARTIAL); }

   // What is in `now` and not as it was told, and what is no longer in it; `now` counts as told.
   template<typename T>
   static void       Compare(T &told[],const T &now[],T &changed[],WireGone &gone[]) {
      for(int i=0; i<ArraySize(now); i++) {
         int place=PlaceOf(told,TicketOf(now[i]));
         if(place<0 || !IsSame(told[place],now[i]))
            Append(changed,now[i]);
      }
      WireGone missing;
      for(int i=0; i<ArraySize(told); i++) {
         missing.ticket=TicketOf(told[i]);
         if(PlaceOf(now,missing.ticket)<0)
            Append(gone,missing);
      }
      ArrayResize(told,ArraySize(now));
      ArrayCopy(told,now);
   }

   template<typename T>
   static int        PlaceOf(const T &items[],const ulong ticket) {
      int place=ArraySize(items)-1;
      while(place>=0 && TicketOf(items[place])!=ticket)
         place--;
      return(place);
   }

   static ulong      TicketOf(const WirePosition &position) { return(position.position_ticket); }
   static ulong      TicketOf(const WireOrder &order) { return(order.order_ticket); }

   static bool       IsSame(const WirePosition &one,const WirePosition &other) {
      return(one.volume==other.volume && one.sl==other.sl && one.tp==other.tp && one.swap==other.swap
             && one.price_open==other.price_open);
   }

   static bool       IsSame(const WireOrder &one,const WireOrder &other) {
      return(one.volume_current==other.volume_current && one.price_open==other.price_open && one.sl==other.sl
             && one.tp==other.tp && one.state==other.state && one.time_expiration_s==other.time_expiration_s);
   }
};
