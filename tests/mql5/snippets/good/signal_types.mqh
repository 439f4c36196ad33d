//+------------------------------------------------------------------+
//| Types that the other examples share                              |
//+------------------------------------------------------------------+
#ifndef SIGNAL_TYPES_MQH
#define SIGNAL_TYPES_MQH

enum ENUM_SIGNAL
  {
   SIGNAL_SELL=-1, // sell
   SIGNAL_NONE,    // nothing
   SIGNAL_BUY      // buy
  };

struct Level pack(1)
  {
   double            price;
   datetime          time;
   uchar             label[16];
   bool operator==(const Level &other) const { return(price==other.price && time==other.time); }
   bool operator<(const Level &other) const { return(price<other.price); }
   void operator=(const Level &other)
     {
      price=other.price;
      time=other.time;
      ArrayCopy(label,other.label);
     }
  };

struct LevelPair : public Level
  {
   Level             lower;
   Level             upper;
  };

interface IScored
  {
   double            Score(void) const;
   string            Name(void) const;
  };

union Price
  {
   double            value;
   long              bits;
   uchar             bytes[sizeof(double)];
  };

//--- a list that grows by half
template<typename T>
class CList
  {
private:
   T                 m_items[];
   int               m_total;
   static int        s_lists;

public:
                     CList(void) : m_total(0) { s_lists++; }
                    ~CList(void) { s_lists--; ArrayFree(m_items); }
   int               Total(void) const { return(m_total); }
   T                 operator[](const int index) const { return(m_items[index]); }
   static int        Lists(void) { return(s_lists); }
   bool              Add(const T &item)
     {
      if(m_total>=ArraySize(m_items) && ArrayResize(m_items,m_total+1,m_total/2+8)<0)
         return(false);
      m_items[m_total++]=item;
      return(true);
     }
   int               Find(const T &item) const
     {
      for(int i=0; i<m_total; i++)
         if(m_items[i]==item)
            return(i);
      return(-1);
     }
  };

template<typename T>
int CList::s_lists=0;

#endif
