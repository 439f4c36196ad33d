//=== inputs_and_bytes []: groups, inputs and a flat struct
input group "Sizing"
input double InpLots=1.5;
sinput string InpNote="b";
struct Packet
  {
   ushort            kind;
   uchar             body[4];
   double            price;
  };
void OnTick(void)
  {
   Packet packet;
   ZeroMemory(packet);
   uchar bytes[];
   if(StructToCharArray(packet,bytes))
      Print(ArraySize(bytes)," ",sizeof(Packet)," ",InpLots,InpNote);
  }
//=== template_function []: a template over types
template<typename T>
T Larger(const T &a,const T &b)
  {
   return(a>b ? a : b);
  }
void OnTick(void)
  {
   int a=1,b=2;
   Print(Larger(a,b));
  }
//=== derived_class []: virtual methods, override and a call of the base
class CBase
  {
protected:
   int               m_count;
public:
                     CBase(void) : m_count(1) {}
   virtual          ~CBase(void) {}
   virtual int       Sum(const uchar &bytes[],const int size) const { return(m_count+size); }
  };
class CDerived : public CBase
  {
public:
   virtual int       Sum(const uchar &bytes[],const int size) const override { return(2*CBase::Sum(bytes,size)); }
  };
CDerived g_derived;
void OnTick(void)
  {
   uchar bytes[3]={1,2,3};
   Print(g_derived.Sum(bytes,3));
  }
//=== literals []: times, colors, characters and casts to string
datetime g_start=D'2024.01.02 03:04:05';
color g_color=C'1,2,3';
void OnTick(void)
  {
   string words=TimeToString(g_start,TIME_DATE|TIME_SECONDS)+" "+(string)g_color+" "+(string)true+" "+DoubleToString(1.5,2);
   Print(words," ",'A'," ",StringSubstr("hello",1,2)," ",__FUNCTION__);
  }
//=== arrays []: several on one line, two dimensions, copies
double g_list[],g_fixed[4],g_single=2;
int g_table[2][3];
void OnTick(void)
  {
   ArrayResize(g_list,3);
   g_list[0]=1;
   g_fixed[1]=g_list[0]*g_single;
   g_table[1][2]=5;
   double values[]={1,2,3};
   ArrayCopy(g_list,values,0,1,2);
   Print(g_list[0],g_table[1][2]);
  }
//=== local_statics []: kept from call to call
int Next(void)
  {
   static int count=0;
   static uchar seen[8];
   seen[count%8]=1;
   return(++count);
  }
void OnTick(void)
  {
   Print(Next());
  }
//=== object_pointer [new-delete pointer]: MQL5 has them, this project does without
class CLot
  {
public:
   int               m_units;
                     CLot(void) : m_units(3) {}
   int               Units(void) { return(m_units); }
  };
void OnTick(void)
  {
   CLot *lot=new CLot;
   Print(lot.Units());
   delete lot;
  }
//=== union_of_bytes []: one value seen as bytes
union Bits
  {
   double            value;
   uchar             bytes[8];
  };
void OnTick(void)
  {
   Bits bits;
   bits.value=1.0;
   Print(bits.bytes[7]);
  }
//=== global_scope []: :: reaches the function of the file
int Count(void)
  {
   return(1);
  }
class CCounter
  {
public:
   int               Count(void) { return(::Count()+1); }
  };
void OnTick(void)
  {
   CCounter counter;
   Print(counter.Count());
   ::Print("x");
  }
//=== strings_in_an_array []: split and read
void OnTick(void)
  {
   string parts[];
   int count=StringSplit("a;b;c",';',parts);
   for(int i=0; i<count; i++)
      Print(parts[i]);
  }
//=== function_type []: typedef is for this
typedef int (*TCombine)(int,int);
int Add(int a,int b)
  {
   return(a+b);
  }
void OnTick(void)
  {
   TCombine combine=Add;
   Print(combine(1,2));
  }
//=== enum_and_switch []: an enum from a number, by cast
enum ENUM_SIDE { SIDE_LONG=1, SIDE_SHORT };
void OnTick(void)
  {
   ENUM_SIDE side=(ENUM_SIDE)2;
   Print(EnumToString(side));
   switch(side)
     {
      case SIDE_LONG:
         break;
      case SIDE_SHORT:
         Print("b");
         break;
      default:
         break;
     }
  }
//=== library [import]: MQL5 has it, this project does without
#import "user32.dll"
int MessageBoxW(int window,string text,string title,int kind);
#import
void OnTick(void)
  {
   Print(1);
  }
//=== series_order []: the newest first
void OnTick(void)
  {
   double closes[];
   ArrayResize(closes,3);
   closes[0]=1;
   closes[1]=2;
   closes[2]=3;
   ArraySetAsSeries(closes,true);
   Print(closes[0]);
  }
