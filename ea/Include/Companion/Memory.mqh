// What was done with each intent, on the disk before its order leaves, so that none is carried out twice.
// One file an account: records of one size, each behind its checksum. A newer record replaces an older one of its intent.
#include "Hash.mqh"
#include "Text.mqh"
#include "Wire.mqh"

#define MEMORY_CHECK_BYTES 8
#define MEMORY_KEEP_MSC 604800000
#define MEMORY_SLACK 256

struct IntentRecord {
   WireIntent        intent;
   uchar             symbol[WIRE_SYMBOL_BYTES];
   long              begun_msc;                   // broker's clock; 0 where no order left
   uchar             has_result;
   WireResult        result;
};

class CMemory {
private:
   IntentRecord      m_records[];
   string            m_path;
   string            m_problem;
   int               m_file;
   int               m_written;                   // records in the file
   int               m_size;                      // of one, with its checksum

public:
                     CMemory(void) : m_file(INVALID_HANDLE),m_written(0),m_size(0) {}
                    ~CMemory(void) { Close(); }
   // Why nothing may be carried out; nothing where all is well.
   string            Problem(void) const { return(m_problem); }
   int               Total(void) const { return(ArraySize(m_records)); }
   void              At(const int index,IntentRecord &record) const { record=m_records[index]; }

   void              Close(void) {
      if(m_file!=INVALID_HANDLE)
         FileClose(m_file);
      m_file=INVALID_HANDLE;
   }

   bool              Open(const long login) {
      Close();
      ArrayResize(m_records,0);
      m_size=(int)sizeof(IntentRecord)+MEMORY_CHECK_BYTES;
      m_path=StringFormat("Companion\\intents-%I64d-%d.bin",login,m_size);
      m_problem="";
      m_file=FileOpen(m_path,FILE_READ|FILE_WRITE|FILE_BIN);
      if(m_file==INVALID_HANDLE)
         m_problem=StringFormat("MQL5\\Files\\%s cannot be opened (error %d): is Companion running on another chart of this account?",
                                m_path,GetLastError());
      else
         Load();
      return(m_problem=="");
   }

   int               Find(const ulong intent_id) const {
      for(int i=Total()-1; i>=0; i--)
         if(m_records[i].intent.intent_id==intent_id)
            return(i);
      return(-1);
   }

   // Remembers `record`; with `is_forced` the disk has it when this returns true.
   bool              Keep(const IntentRecord &record,const bool is_forced) {
      Take(record);
      if(m_file==INVALID_HANDLE || !Write(m_file,m_written,record))
         return(false);
      m_written++;
      if(is_forced)
         FileFlush(m_file);
      return(true);
   }

   // Forgets what was settled before `settled_msc` and a week before `now_msc` [ms, broker's clock], unless its position stands.
   void              Forget(const long now_msc,const long settled_msc) {
      IntentRecord kept[];
      long before=MathMin(settled_msc,now_msc-MEMORY_KEEP_MSC);
      for(int i=0; i<Total(); i++)
         if(m_records[i].has_result==0 || m_records[i].result.time_msc>=before
            || PositionSelectByTicket(m_records[i].result.position_ticket))
            Append(kept,m_records[i]);
      if(m_written<2*ArraySize(kept)+MEMORY_SLACK || !Rewrite(kept))
         return;
      ArrayResize(m_records,0);
      if(!Open(AccountInfoInteger(ACCOUNT_LOGIN)))
         Print(m_problem);
   }

private:
   void              Take(const IntentRecord &record) {
      int place=Find(record.intent.intent_id);
      if(place<0)
         Append(m_records,record);
      else
         m_records[place]=record;
   }

   // Half a record at the end was never acted upon; the next one is written over it.
   void              Load(void) {
      uchar bytes[];
      int size=(int)FileSize(m_file);
      if(size>0 && FileReadArray(m_file,bytes,0,size)!=(uint)size)
         m_problem=StringFormat("MQL5\\Files\\%s cannot be read (error %d)",m_path,GetLastError());
      m_written=0;
      for(int at=0; m_problem=="" && at+m_size<=size; at+=m_size) {
         IntentRecord record;
         if(Decode(bytes,at,record)) {
            Take(record);
            m_written++;
         }
         else if(at+2*m_size<=size)
            m_problem=StringFormat("MQL5\\Files\\%s is damaged at record %d: move it away only after checking by hand which orders were executed",
                                   m_path,m_written+1);
         else
            break;
      }
   }

   bool              Write(const int file,const int place,const IntentRecord &record) {
      uchar bytes[];
      return(Encode(record,bytes) && FileSeek(file,(long)place*m_size,SEEK_SET)
             && FileWriteArray(file,bytes)==(uint)m_size);
   }

   bool              Rewrite(const IntentRecord &records[]) {
      string path=m_path+".new";
      int file=FileOpen(path,FILE_WRITE|FILE_BIN);
      if(file==INVALID_HANDLE)
         return(false);
      bool is_whole=true;
      for(int i=0; i<ArraySize(records); i++)
         is_whole=is_whole && Write(file,i,records[i]);
      FileFlush(file);
      FileClose(file);
      if(!is_whole)
         return(false);
      Close();
      if(!FileMove(path,0,m_path,FILE_REWRITE))
         PrintFormat("MQL5\\Files\\%s could not be made shorter, error %d",m_path,GetLastError());
      return(true);
   }

   bool              Encode(const IntentRecord &record,uchar &bytes[]) const {
      uchar digest[];
      if(!StructToCharArray(record,bytes) || !CHash::Sha256(bytes,digest))
         return(false);
      return(ArrayCopy(bytes,digest,(int)sizeof(IntentRecord),0,MEMORY_CHECK_BYTES)==MEMORY_CHECK_BYTES);
   }

   bool              Decode(const uchar &bytes[],const int at,IntentRecord &record) const {
      uchar again[],part[];
      if(!CharArrayToStruct(record,bytes,(uint)at) || !Encode(record,again))
         return(false);
      ArrayCopy(part,bytes,0,at,m_size);
      return(CHash::AreEqual(again,part));
   }
};
