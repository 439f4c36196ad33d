// Deals, positions and orders as the terminal shows them, beside what the bridge was last told.
#include "Text.mqh"
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
         FillDeal(deal,ticket);
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
      WirePosition now[];
      for(int i=0; i<PositionsTotal(); i++) {
         WirePosition position;
         if(PositionGetTicket(i)==0)
            continue;
         FillPosition(position);
         Append(now,position);
         int told=PlaceIn(m_positions,position.position_ticket);
         if(told<0 || !IsSame(m_positions[told],position))
            Append(update.m_positions,position);
      }
      for(int i=0; i<ArraySize(m_positions); i++)
         if(PlaceIn(now,m_positions[i].position_ticket)<0)
            AppendGone(update.m_positions_gone,m_positions[i].position_ticket);
      Replace(m_positions,now);
   }

   void              CollectOrders(CUpdate &update) {
      WireOrder now[];
      for(int i=0; i<OrdersTotal(); i++) {
         WireOrder order;
         if(OrderGetTicket(i)==0 || !IsStanding(OrderGetInteger(ORDER_STATE)))
            continue;
         FillOrder(order);
         Append(now,order);
         int told=PlaceOf(m_orders,order.order_ticket);
         if(told<0 || !IsSame(m_orders[told],order))
            Append(update.m_orders,order);
      }
      for(int i=0; i<ArraySize(m_orders); i++)
         if(PlaceOf(now,m_orders[i].order_ticket)<0)
            AppendGone(update.m_orders_gone,m_orders[i].order_ticket);
      Replace(m_orders,now);
   }

   // Orders on their way to the market, and out of it, are none of the bridge's business.
   static bool       IsStanding(const long state) { return(state==ORDER_STATE_PLACED || state==ORDER_STATE_PARTIAL); }

   static int        PlaceIn(const WirePosition &items[],const ulong ticket) {
      for(int i=ArraySize(items)-1; i>=0; i--)
         if(items[i].position_ticket==ticket)
            return(i);
      return(-1);
   }

   static int        PlaceOf(const WireOrder &items[],const ulong ticket) {
      for(int i=ArraySize(items)-1; i>=0; i--)
         if(items[i].order_ticket==ticket)
            return(i);
      return(-1);
   }

   static bool       IsSame(const WirePosition &one,const WirePosition &other) {
      return(one.volume==other.volume && one.sl==other.sl && one.tp==other.tp && one.swap==other.swap
             && one.price_open==other.price_open);
   }

   static bool       IsSame(const WireOrder &one,const WireOrder &other) {
      return(one.volume_current==other.volume_current && one.price_open==other.price_open && one.sl==other.sl
             && one.tp==other.tp && one.state==other.state && one.time_expiration_s==other.time_expiration_s);
   }

   static void       AppendGone(WireGone &items[],const ulong ticket) {
      WireGone gone;
      gone.ticket=ticket;
      Append(items,gone);
   }

   template<typename T>
   static void       Replace(T &items[],const T &others[]) {
      int size=ArraySize(others);
      ArrayResize(items,size);
      for(int i=0; i<size; i++)
         items[i]=others[i];
   }

   static void       FillDeal(WireDeal &deal,const ulong ticket) {
      ZeroMemory(deal);
      deal.deal_ticket=ticket;
      deal.order_ticket=(ulong)HistoryDealGetInteger(ticket,DEAL_ORDER);
      deal.position_id=(ulong)HistoryDealGetInteger(ticket,DEAL_POSITION_ID);
      deal.magic=HistoryDealGetInteger(ticket,DEAL_MAGIC);
      deal.time_msc=HistoryDealGetInteger(ticket,DEAL_TIME_MSC);
      deal.volume=HistoryDealGetDouble(ticket,DEAL_VOLUME);
      deal.price=HistoryDealGetDouble(ticket,DEAL_PRICE);
      deal.profit=HistoryDealGetDouble(ticket,DEAL_PROFIT);
      deal.swap=HistoryDealGetDouble(ticket,DEAL_SWAP);
      deal.commission=HistoryDealGetDouble(ticket,DEAL_COMMISSION);
      deal.fee=HistoryDealGetDouble(ticket,DEAL_FEE);
      deal.type=(uchar)MathMin(HistoryDealGetInteger(ticket,DEAL_TYPE),DEAL_TAX);
      deal.entry=(uchar)HistoryDealGetInteger(ticket,DEAL_ENTRY);
      deal.reason=(uchar)MathMin(HistoryDealGetInteger(ticket,DEAL_REASON),DEAL_REASON_SPLIT);
      CText::Put(deal.symbol,HistoryDealGetString(ticket,DEAL_SYMBOL));
      CText::Put(deal.comment,HistoryDealGetString(ticket,DEAL_COMMENT));
   }

   static void       FillPosition(WirePosition &position) {
      ZeroMemory(position);
      position.position_ticket=(ulong)PositionGetInteger(POSITION_TICKET);
      position.position_id=(ulong)PositionGetInteger(POSITION_IDENTIFIER);
      position.magic=PositionGetInteger(POSITION_MAGIC);
      position.time_msc=PositionGetInteger(POSITION_TIME_MSC);
      position.time_update_msc=PositionGetInteger(POSITION_TIME_UPDATE_MSC);
      position.volume=PositionGetDouble(POSITION_VOLUME);
      position.price_open=PositionGetDouble(POSITION_PRICE_OPEN);
      position.sl=PositionGetDouble(POSITION_SL);
      position.tp=PositionGetDouble(POSITION_TP);
      position.swap=PositionGetDouble(POSITION_SWAP);
      position.profit=PositionGetDouble(POSITION_PROFIT);
      position.type=(uchar)PositionGetInteger(POSITION_TYPE);
      CText::Put(position.symbol,PositionGetString(POSITION_SYMBOL));
      CText::Put(position.comment,PositionGetString(POSITION_COMMENT));
   }

   static void       FillOrder(WireOrder &order) {
      ZeroMemory(order);
      order.order_ticket=(ulong)OrderGetInteger(ORDER_TICKET);
      order.position_id=(ulong)OrderGetInteger(ORDER_POSITION_ID);
      order.magic=OrderGetInteger(ORDER_MAGIC);
      order.time_setup_msc=OrderGetInteger(ORDER_TIME_SETUP_MSC);
      order.time_expiration_s=OrderGetInteger(ORDER_TIME_EXPIRATION);
      order.volume_initial=OrderGetDouble(ORDER_VOLUME_INITIAL);
      order.volume_current=OrderGetDouble(ORDER_VOLUME_CURRENT);
      order.price_open=OrderGetDouble(ORDER_PRICE_OPEN);
      order.sl=OrderGetDouble(ORDER_SL);
      order.tp=OrderGetDouble(ORDER_TP);
      order.type=(uchar)OrderGetInteger(ORDER_TYPE);
      order.state=(uchar)OrderGetInteger(ORDER_STATE);
      CText::Put(order.symbol,OrderGetString(ORDER_SYMBOL));
      CText::Put(order.comment,OrderGetString(ORDER_COMMENT));
   }
};
