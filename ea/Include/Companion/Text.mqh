// Text of the wire: UTF-8 in arrays of fixed size, padded with zeros.
class CText {
public:
   // Puts as much of `text` as fits into `field`, which holds zeros, cut between two characters.
   static void       Put(uchar &field[], const string text) {
      uchar bytes[];
      int size=StringToCharArray(text,bytes,0,-1,CP_UTF8)-1;
      if(size>ArraySize(field)) {
         size=ArraySize(field);
         while(size>0 && (bytes[size]&0xC0)==0x80)
            size--;
      }
      if(size>0)
         ArrayCopy(field,bytes,0,0,size);
   }

   // The names in a list separated by commas.
   static void       Split(const string list,string &names[]) {
      ArrayResize(names,0);
      for(int i=StringSplit(list,',',names)-1; i>=0; i--) {
         StringTrimLeft(names[i]);
         StringTrimRight(names[i]);
      }
   }

   static string     Of(const uchar &field[]) { return(CharArrayToString(field,0,ArraySize(field),CP_UTF8)); }
};

template<typename T>
void Append(T &items[],const T &item) {
   int size=ArraySize(items);
   ArrayResize(items,size+1,64);
   items[size]=item;
}
