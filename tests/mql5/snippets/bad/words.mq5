//=== lambda [lambda]: MQL5 has no anonymous functions
void OnTick(void)
  {
   auto twice=[](int x){ return(2*x); };
   Print(twice(1));
  }
//=== deduced_type [auto]: a variable is declared with its type
void OnTick(void)
  {
   auto spread=5;
   Print(spread);
  }
//=== type_of_expression [auto]: types are named, not computed
void OnTick(void)
  {
   int lots=1;
   decltype(lots) copy=2;
   Print(copy);
  }
//=== loop_over_range [range-for]: loops count
void OnTick(void)
  {
   int levels[3]={1,2,3};
   int sum=0;
   for(int level : levels.values)
      sum+=level;
   Print(sum);
  }
//=== jump [goto]: there are no labels
void OnTick(void)
  {
   int i=0;
again:
   i++;
   if(i<3)
      goto again;
   Print(i);
  }
//=== exceptions [exception]: errors are return values
void OnTick(void)
  {
   try
     {
      Print(1);
     }
   catch(...)
     {
      Print(2);
     }
  }
//=== friend_function [friend]: access is public, protected or private
class CSafe
  {
   int               m_code;
   friend int        Peek(CSafe &safe);
public:
                     CSafe(void) : m_code(1) {}
  };
int Peek(CSafe &safe)
  {
   return(safe.m_code);
  }
void OnTick(void)
  {
   CSafe safe;
   Print(Peek(safe));
  }
//=== null_pointer_word [nullptr]: the word is NULL
class CNode
  {
public:
   int               m_value;
  };
CNode *g_node=nullptr;
void OnTick(void)
  {
  }
//=== cast_by_keyword [keyword-cast]: casts are written (type)value
void OnTick(void)
  {
   double price=1.5;
   int whole=static_cast<int>(price);
   Print(whole);
  }
//=== unsigned_word [signedness]: uint is a word of its own
void OnTick(void)
  {
   unsigned int count=5;
   Print((uint)count);
  }
//=== constant_expression [compile-time]: constants are const or #define
constexpr int LIMIT=5;
void OnTick(void)
  {
   Print(LIMIT);
  }
//=== assertion_at_compile_time [compile-time]: nothing is checked before the program runs
static_assert(1==1);
void OnTick(void)
  {
  }
//=== explicit_constructor [specifier]: constructors have no specifiers
class CLot
  {
public:
   int               m_units;
   explicit          CLot(int units) : m_units(units) {}
  };
void OnTick(void)
  {
   CLot lot(1);
   Print(lot.m_units);
  }
//=== standard_library [std]: there is no std
void OnTick(void)
  {
   std::vector<int> list;
   list.push_back(1);
   Print((int)list.size());
  }
//=== raw_string [literal-prefix]: strings have no prefix
void OnTick(void)
  {
   string text=R"(abc)";
   Print(text);
  }
//=== octal [number]: a leading zero has another meaning in each language
void OnTick(void)
  {
   int mode=010;
   Print(mode);
  }
//=== suffixed_number [number]: numbers have no suffix
void OnTick(void)
  {
   ulong ticket=5ULL;
   Print(ticket);
  }
//=== conditional_by_value [conditional-directive]: only #ifdef and #ifndef
#if 1
void OnTick(void)
  {
  }
#endif
//=== pragma [directive]: no such directive
#pragma once
void OnTick(void)
  {
  }
