//=== pointer_dereferenced [pointer]: no star in MQL5
class CLot
  {
public:
   int               m_units;
                     CLot(void) : m_units(1) {}
  };
void OnTick(void)
  {
   CLot *lot=new CLot;
   Print((*lot).m_units);
   delete lot;
  }
//=== arrow [arrow]: members follow a dot
class CLot
  {
public:
   int               m_units;
                     CLot(void) : m_units(1) {}
  };
void OnTick(void)
  {
   CLot *lot=new CLot;
   Print(lot->m_units);
   delete lot;
  }
//=== two_bases [inheritance]: one base class
class CFirst
  {
public:
   int               m_first;
  };
class CSecond
  {
public:
   int               m_second;
  };
class CBoth : public CFirst, public CSecond
  {
  };
void OnTick(void)
  {
   CBoth both;
   both.m_first=1;
   Print(both.m_first);
  }
//=== class_from_struct [class-of-struct]: the two do not mix
struct Quote
  {
   int               bid;
  };
class CQuote : public Quote
  {
  };
void OnTick(void)
  {
   CQuote quote;
   quote.bid=1;
  }
//=== virtual_in_struct [struct-virtual]: structs have no virtual methods
struct Quote
  {
   virtual int       Bid(void) { return(1); }
  };
void OnTick(void)
  {
   Quote quote;
   Print(quote.Bid());
  }
//=== member_with_value [member-value]: members start in the constructor
struct Quote
  {
   int               bid=5;
  };
void OnTick(void)
  {
   Quote quote;
   Print(quote.bid);
  }
//=== member_array_with_values [member-value]: the same for arrays
class CLevels
  {
public:
   int               m_levels[3]={1,2,3};
  };
void OnTick(void)
  {
   CLevels levels;
   Print(levels.m_levels[0]);
  }
//=== operator_of_the_file [global-operator]: operators are methods
struct Quote
  {
   int               bid;
  };
bool operator==(const Quote &a,const Quote &b)
  {
   return(a.bid==b.bid);
  }
void OnTick(void)
  {
   Quote a,b;
   a.bid=1;
   b.bid=1;
   Print(a==b);
  }
//=== defaulted_constructor [default-method]: a body is written out
class CLot
  {
public:
   int               m_units;
                     CLot(void)=default;
  };
void OnTick(void)
  {
   CLot lot;
   lot.m_units=1;
  }
//=== constructor_calls_constructor [delegating-constructor]: constructors do not call each other
class CLot
  {
public:
   int               m_units;
                     CLot(int units) : m_units(units) {}
                     CLot(void) : CLot(5) {}
  };
void OnTick(void)
  {
   CLot lot;
   Print(lot.m_units);
  }
