// What was done with each intent, on the disk before its order leaves, so that none is carried out twice.
// One file an account: records of one size, each behind its checksum. A newer record replaces an older one of its intent.
#include "Hash.mqh"
#include "Text.mqh"
#include "Wire.mqh"

#define MEMORY_CHECK_BYTES 8
#define MEMORY_KEEP_MSC 604800000
#define MEMORY_SLACK 256
#define MEMORY_FOLDER "Companion\\"
#define MEMORY_DRAFT ".new"

struct IntentRecord {
   WireIntent        intent;
   uchar             symbol[WIRE_SYMBOL_BYTES];
   long              begun_msc;                   // broker's clock; 0 where no order left
   uchar             has_result;
   WireResult        result;
};

struct StoredRecord {
   IntentRecord      record;
   uchar             check[MEMORY_CHECK_BYTES];
};

class CMemory {
private:
   IntentRecord      m_records[];
   string            m_path;
   string            m_problem;
   int               m_file;
   int               m_written;                   // records in the file

public:
                     CMemory(void) : m_file(INVALID_HANDLE),m_written(0) {}
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
      m_path=StringFormat("%sintents-%I64d-%d.bin",MEMORY_FOLDER,login,(int)sizeof(StoredRecord));
      m_problem=Stranger(StringFormat("%sintents-%I64d-*",MEMORY_FOLDER,login));
      if(m_problem=="" && !FileIsExist(m_path) && FileIsExist(m_path+MEMORY_DRAFT) && !FileMove(m_path+MEMORY_DRAFT,0,m_path,0))
         m_problem=Complaint("is missing, and its copy cannot take its place");
      if(m_problem=="")
         Read();
      if(m_problem!="")
         ArrayResize(m_records,0);   // half a memory may hold instructions that were replaced
      return(m_problem=="");
   }

   int               Find(const ulong intent_id) const {
      for(int i=Total()-1; i>=0; i--)
         if(m_records[i].intent.intent_id==intent_id)
            return(i);
      return(-1);
   }

   // How many orders left after `msc` [broker's clock].
   int               BegunSince(const long msc) const {
      int count=0;
      for(int i=Total()-1; i>=0; i--)
         count+=(m_records[i].begun_msc>msc) ? 1 : 0;
      return(count);
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
            || PositionSelectByTicket(m_records[i].result.position_ticket)
            || PositionSelectByTicket(m_records[i].intent.position_ticket))
            Append(kept,m_records[i]);
      if(m_written<2*ArraySize(kept)+MEMORY_SLACK || !Rewrite(kept))
         return;
      if(!Open(AccountInfoInteger(ACCOUNT_LOGIN)))
         Print(m_problem);
   }

private:
   string            Complaint(const string what) const {
      return(StringFormat("MQL5\\Files\\%s %s (error %d)",m_path,what,GetLastError()));
   }

   // A file of this account with records of another size: what it knows cannot be read here, and must not be passed over.
   string            Stranger(const string filter) const {
      string name="",found="";
      long search=FileFindFirst(filter,name);
      for(bool goes_on=(search!=INVALID_HANDLE); goes_on; goes_on=FileFindNext(search,name))
         if(StringFind(MEMORY_FOLDER+name,m_path)!=0)
            found=name;
      if(search!=INVALID_HANDLE)
         FileFindClose(search);
      if(found=="")
         return("");
      return(StringFormat("MQL5\\Files\\%s%s is of another release of this EA, which knows what was executed: put that release back, "
                          "or close all positions and move the file away",MEMORY_FOLDER,found));
   }

   // A copy beside the file is what a rewriting left behind that did not come to its end.
   void              Read(void) {
      m_file=FileOpen(m_path,FILE_READ|FILE_WRITE|FILE_BIN);
      if(m_file==INVALID_HANDLE) {
         m_problem=Complaint("cannot be opened: is Companion running on another chart of this account?");
         return;
      }
      if(FileIsExist(m_path+MEMORY_DRAFT) && !FileDelete(m_path+MEMORY_DRAFT))
         Print(Complaint("has a copy beside it that cannot be deleted"));
      Load();
   }

   void              Take(const IntentRecord &record) {
      int place=Find(record.intent.intent_id);
      if(place<0)
         Append(m_records,record);
      else
         m_records[place]=record;
   }

   // Half a record at the end was never acted upon; the next one is written over it.
   void              Load(void) {
      StoredRecord stored;
      long size=(long)sizeof(StoredRecord),total=(long)FileSize(m_file)/size;
      for(m_written=0; m_written<total; m_written++) {
         if(FileReadStruct(m_file,stored)!=(uint)size)
            m_problem=Complaint("cannot be read");
         else if(IsSound(stored))
            Take(stored.record);
         else if(m_written<total-1)
            m_problem=Complaint(StringFormat("is damaged at record %d: move it away only after checking by hand which orders were executed",
                                             m_written+1));
         else
            return;
      }
   }

   static bool       Write(const int file,const int place,const IntentRecord &record) {
      StoredRecord stored;
      stored.record=record;
      return(Check(record,stored.check) && FileSeek(file,(long)place*(long)sizeof(StoredRecord),SEEK_SET)
             && FileWriteStruct(file,stored)==(uint)sizeof(StoredRecord));
   }

   // Whether the file was let go of: open it again.
   bool              Rewrite(const IntentRecord &records[]) {
      string path=m_path+MEMORY_DRAFT;
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
         Print(Complaint("could not be made shorter"));
      return(true);
   }

   static bool       Check(const IntentRecord &record,uchar &check[]) {
      uchar bytes[],digest[];
      return(StructToCharArray(record,bytes) && CHash::Sha256(bytes,digest)
             && ArrayCopy(check,digest,0,0,MEMORY_CHECK_BYTES)==MEMORY_CHECK_BYTES);
   }

   static bool       IsSound(const StoredRecord &stored) {
      uchar check[MEMORY_CHECK_BYTES];
      return(Check(stored.record,check) && ArrayCompare(check,stored.check)==0);
   }
};
