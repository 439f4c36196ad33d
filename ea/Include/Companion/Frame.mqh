// One frame of the wire while it is written: header, body, items.
#include "Wire.mqh"

class CFrame {
private:
   uchar             m_bytes[];
   int               m_size;
   int               m_items;
   bool              m_is_whole;
   uchar             m_type;
   ushort            m_flags;

public:
                     CFrame(void) { Begin(WIRE_MESSAGE_HELLO); }
   int               Size(void) const { return(m_size); }
   int               Items(void) const { return(m_items); }

   void              Begin(const ENUM_WIRE_MESSAGE type,const int flags=0) {
      m_type=(uchar)type;
      m_flags=(ushort)flags;
      m_items=0;
      m_size=(int)sizeof(WireHeader);
      m_is_whole=(ArrayResize(m_bytes,m_size,1024)==m_size);
   }

   template<typename T>
   void              Put(const T &part) {
      int size=m_size+(int)sizeof(T);
      m_is_whole=m_is_whole && ArrayResize(m_bytes,size,16384)==size && StructToCharArray(part,m_bytes,(uint)m_size);
      m_size=size;
   }

   template<typename T>
   void              Add(const T &item) {
      m_items++;
      Put(item);
   }

   // How many there were.
   template<typename T>
   ushort            AddRange(const T &items[],const int from,const int to) {
      int before=m_items;
      for(int i=MathMax(from,0); i<MathMin(to,ArraySize(items)); i++)
         Add(items[i]);
      return((ushort)(m_items-before));
   }

   // Puts the body again, when the counts of its items are known.
   template<typename T>
   void              Correct(const T &body) { m_is_whole=m_is_whole && StructToCharArray(body,m_bytes,sizeof(WireHeader)); }

   // The whole frame under `header`, whose numbers the session knows.
   bool              Seal(WireHeader &header,uchar &bytes[]) {
      header.magic=WIRE_MAGIC;
      header.version=WIRE_VERSION;
      header.type=m_type;
      header.flags=m_flags;
      header.items=(ushort)m_items;
      return(m_is_whole && m_items<=WIRE_MAX_ITEMS && StructToCharArray(header,m_bytes)
             && ArrayResize(bytes,m_size)==m_size && ArrayCopy(bytes,m_bytes)==m_size);
   }
};
