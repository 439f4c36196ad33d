//=== local_reference [reference]: references exist as parameters alone
void OnTick(void)
  {
   int lots=1;
   int &alias=lots;
   alias=2;
   Print(lots);
  }
//=== reference_member [reference]: a class cannot keep a reference
class CView
  {
   int              &m_seen;
public:
                     CView(int &seen) : m_seen(seen) {}
  };
void OnTick(void)
  {
   int lots=1;
   CView view(lots);
  }
//=== returned_reference [reference]: results are values
int g_lots=1;
int &Lots(void)
  {
   return(g_lots);
  }
void OnTick(void)
  {
   Print(Lots());
  }
//=== reference_with_default [reference-default]: nothing to refer to
void Show(const int &value=5)
  {
   Print(value);
  }
void OnTick(void)
  {
   Show();
  }
//=== struct_by_value [object-by-value]: structs go by reference
struct Quote
  {
   int               bid;
  };
int Bid(Quote quote)
  {
   return(quote.bid);
  }
void OnTick(void)
  {
   Quote quote;
   quote.bid=1;
   Print(Bid(quote));
  }
//=== object_by_value [object-by-value]: objects go by reference
class CLot
  {
public:
   int               m_units;
                     CLot(void) : m_units(1) {}
  };
int Units(CLot lot)
  {
   return(lot.m_units);
  }
void OnTick(void)
  {
   CLot lot;
   Print(Units(lot));
  }
//=== array_by_value [array-by-value]: arrays go by reference
int First(int values[])
  {
   return(values[0]);
  }
void OnTick(void)
  {
   int values[3]={1,2,3};
   Print(First(values));
  }
//=== pointer_to_number [pointer]: pointers are for objects, and not in this project
void OnTick(void)
  {
   int lots=1;
   int *place=&lots;
   *place=2;
   Print(lots);
  }
//=== braces_without_sign [brace-init]: a value follows an equals sign
void OnTick(void)
  {
   int lots{5};
   Print(lots);
  }
//=== open_parameter_list [ellipsis]: parameters are counted
void Show(int first,...)
  {
   Print(first);
  }
void OnTick(void)
  {
   Show(1,2);
  }
//=== default_in_the_middle [default-gap]: defaults come last
int Sum(int a=1,int b)
  {
   return(a+b);
  }
void OnTick(void)
  {
   Print(Sum(1,2));
  }
//=== input_assigned [input-assigned]: inputs are constants
input int InpLots=5;
void OnTick(void)
  {
   InpLots=6;
  }
//=== global_hidden [hides-global]: the inner variable hides the outer one
int g_count=1;
void OnTick(void)
  {
   int g_count=2;
   Print(g_count);
  }
//=== handler_with_more_parameters [event-signature]: never called
void OnDeinit(int reason,int more)
  {
  }
void OnTick(void)
  {
  }
//=== handler_with_result [event-signature]: never called
int OnTick(void)
  {
   return(0);
  }
//=== handler_that_may_change [event-signature]: the parameters are const
void OnTradeTransaction(MqlTradeTransaction &transaction,MqlTradeRequest &request,MqlTradeResult &result)
  {
  }
//=== built_in_redefined [built-in-redefined]: the name is taken
int StringLen(string words)
  {
   return(1);
  }
void OnTick(void)
  {
   Print(StringLen("a"));
  }
