//=== scoped_enum [enum-type]: enums share the scope they stand in
enum class Side { Buy, Sell };
void OnTick(void)
  {
   Side side=Side::Buy;
   Print((int)side);
  }
//=== enum_of_bytes [enum-type]: an enum is always an int
enum Side : uchar { SIDE_BUY, SIDE_SELL };
void OnTick(void)
  {
   Side side=SIDE_BUY;
   Print((int)side);
  }
//=== named_number_type [typedef]: typedef is for functions
typedef int ticket_t;
void OnTick(void)
  {
   ticket_t ticket=1;
   Print(ticket);
  }
//=== alias [using]: no aliases
using ticket_t=int;
void OnTick(void)
  {
   ticket_t ticket=1;
   Print(ticket);
  }
//=== template_of_number [template-parameter]: templates take types
template<int N>
int Plus(int x)
  {
   return(x+N);
  }
void OnTick(void)
  {
   Print(Plus<3>(1));
  }
//=== template_default [template-parameter]: a template's type has no default
template<typename T=int>
class CBox
  {
public:
   T                 m_value;
  };
void OnTick(void)
  {
   CBox<> box;
   box.m_value=1;
   Print(box.m_value);
  }
//=== template_pack [template-parameter]: no packs
template<typename... A>
void Show(A... values)
  {
   Print((int)sizeof...(values));
  }
void OnTick(void)
  {
   Show(1,2);
  }
//=== struct_announced [struct-announced]: structs are defined before use
struct Quote;
void Fill(Quote &quote);
struct Quote
  {
   int               bid;
  };
void Fill(Quote &quote)
  {
   quote.bid=1;
  }
void OnTick(void)
  {
   Quote quote;
   Fill(quote);
  }
//=== input_of_struct [input-type]: an input is one value
struct Pair
  {
   int               first;
  };
input Pair InpPair={1};
void OnTick(void)
  {
  }
//=== struct_with_string_as_bytes [struct-bytes]: a string has no fixed bytes
struct Note
  {
   int               number;
   string            words;
  };
void OnTick(void)
  {
   Note note;
   uchar bytes[];
   if(!StructToCharArray(note,bytes))
      Print("no");
  }
//=== struct_with_list_as_bytes [struct-bytes]: a dynamic array has no fixed bytes
struct Frame
  {
   int               size;
   uchar             body[];
  };
void OnTick(void)
  {
   Frame frame;
   uchar bytes[];
   if(!StructToCharArray(frame,bytes))
      Print("no");
  }
//=== size_of_string [sizeof-string]: says 12 for every string
void OnTick(void)
  {
   string words="a";
   Print((int)sizeof(words));
  }
//=== array_by_variable_size [array-size]: a fixed size is a constant
void OnTick(void)
  {
   int count=3;
   double prices[count];
   prices[0]=1;
   Print(prices[0]);
  }
//=== too_many_values [too-many-values]: three values in two places
void OnTick(void)
  {
   int pair[2]={1,2,3};
   Print(pair[0]);
  }
//=== string_pointer [pointer]: a string is a type, not a pointer
void OnTick(void)
  {
   char *words="abc";
   Print(1);
  }
