//=== unknown_function [compiler]: declared nowhere
void OnTick(void)
  {
   PlaceOrderNow(1);
  }
//=== misspelled_function [compiler]: declared nowhere, without arguments
void OnTick(void)
  {
   Later();
  }
//=== too_many_arguments [compiler]: StringLen takes one
void OnTick(void)
  {
   Print(StringLen("a","b"));
  }
//=== number_as_enum [compiler]: needs a cast
void OnTick(void)
  {
   ENUM_ORDER_TYPE type=1;
   Print((int)type);
  }
//=== enum_as_other_enum [compiler]: an action is no type of order
void OnTick(void)
  {
   ENUM_ORDER_TYPE type=TRADE_ACTION_DEAL;
   Print((int)type);
  }
//=== constant_array_written [compiler]: the parameter is const
void Clear(const uchar &bytes[])
  {
   bytes[0]=1;
  }
void OnTick(void)
  {
   uchar bytes[2];
   Clear(bytes);
  }
//=== constant_method_writes [compiler]: the method is const
class CLot
  {
   int               m_units;
public:
                     CLot(void) : m_units(0) {}
   void              Grow(void) const { m_units=1; }
  };
void OnTick(void)
  {
   CLot lot;
   lot.Grow();
  }
//=== private_member_used [compiler]: only the class may
class CLot
  {
   int               m_units;
public:
                     CLot(void) : m_units(0) {}
  };
void OnTick(void)
  {
   CLot lot;
   lot.m_units=1;
  }
//=== fraction_lost [compiler]: 1.7 becomes 1
void OnTick(void)
  {
   double price=1.7;
   int whole=price;
   Print(whole);
  }
//=== time_cut [compiler]: 64 bits into 32
void OnTick(void)
  {
   long now=TimeGMT();
   int cut=now;
   Print(cut);
  }
//=== signs_compared [compiler]: -1 is a large uint
void OnTick(void)
  {
   int difference=-1;
   uint limit=1;
   if(difference<limit)
      Print(1);
  }
//=== result_on_one_way_only [compiler]: what is returned otherwise?
int Sign(int value)
  {
   if(value>0)
      return(1);
  }
void OnTick(void)
  {
   Print(Sign(1));
  }
//=== abstract_object [compiler]: a method has no body
class CModel
  {
public:
   virtual int       Score(void)=0;
  };
void OnTick(void)
  {
   CModel model;
   Print(model.Score());
  }
//=== overrides_nothing [compiler]: no such method in the base
class CModel
  {
public:
   virtual int       Score(void) { return(0); }
  };
class CTrend : public CModel
  {
public:
   int               Scores(void) override { return(1); }
  };
void OnTick(void)
  {
   CTrend trend;
   Print(trend.Score());
  }
