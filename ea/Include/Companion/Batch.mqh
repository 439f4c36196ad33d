// Ticks of one symbol on their way: the frame they went in, until its answer has come.
#include "Frame.mqh"

// A place in a symbol's ticks: `seen` of those at the millisecond `msc`, and all before them, lie behind it.
struct TickPlace {
   long              msc;
   int               seen;
};

class CBatch {
public:
   CFrame            m_frame;
   TickPlace         m_before;
   int               m_symbol;
   bool              m_is_answered;

                     CBatch(void) : m_symbol(0),m_is_answered(false) {}
};
