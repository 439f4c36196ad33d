// This terminal's number: made up once, and kept on its disk.
#ifndef COMPANION_IDENTITY_MQH
#define COMPANION_IDENTITY_MQH

#include "Hash.mqh"

#define IDENTITY_FILE "Companion\\terminal_id.bin"

class CIdentity {
public:
   // 0 where it can be neither read nor kept.
   static ulong      Number(void) {
      ulong number=Kept();
      return(number!=0 ? number : Made());
   }

private:
   static ulong      Kept(void) {
      if(!FileIsExist(IDENTITY_FILE))
         return(0);
      int file=FileOpen(IDENTITY_FILE,FILE_READ|FILE_BIN|FILE_SHARE_READ);
      if(file==INVALID_HANDLE)
         return(0);
      ulong number=(FileSize(file)==sizeof(long)) ? (ulong)FileReadLong(file) : 0;
      FileClose(file);
      return(number);
   }

   static ulong      Made(void) {
      uchar digest[];
      if(!CHash::Random(InpSecret,(ulong)AccountInfoInteger(ACCOUNT_LOGIN),digest))
         return(0);
      ulong number=1;
      for(int i=0; i<7; i++)
         number=(number<<8)|digest[i];
      int file=FileOpen(IDENTITY_FILE,FILE_WRITE|FILE_BIN);
      if(file==INVALID_HANDLE)
         return(0);
      bool is_kept=(FileWriteLong(file,(long)number)==sizeof(long));
      FileFlush(file);
      FileClose(file);
      return(is_kept ? number : 0);
   }
};

#endif
