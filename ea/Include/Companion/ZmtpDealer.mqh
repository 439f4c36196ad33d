// A ZeroMQ DEALER by hand: ZMTP 3.0 with the NULL mechanism (rfc.zeromq.org/spec/23) over MQL5's sockets.
#define ZMTP_MORE 1
#define ZMTP_LONG 2
#define ZMTP_COMMAND 4
#define ZMTP_SHORT_LIMIT 255
#define ZMTP_STEP_MS 1000
#define ZMTP_LOST -1
#define ZMTP_TOO_LARGE -2

const uchar ZMTP_GREETING[64]={0xFF,0,0,0,0,0,0,0,0,0x7F,3,0,'N','U','L','L'};
const uchar ZMTP_READY[]={5,'R','E','A','D','Y',11,'S','o','c','k','e','t','-','T','y','p','e',0,0,0,6,'D','E','A','L','E','R'};
const uchar ZMTP_PONG[]={4,'P','O','N','G'};

class CZmtpDealer {
private:
   int               m_socket;
   int               m_limit;
   int               m_error;
   string            m_problem;
   uchar             m_out[];
   uchar             m_piece[];

public:
                     CZmtpDealer(void) : m_socket(INVALID_HANDLE),m_limit(0),m_error(0) {}
                    ~CZmtpDealer(void) { Close(); }
   int               Error(void) const { return(m_error); }
   string            Problem(void) const { return(m_problem); }
   // The longest frame that is taken; nothing is allocated for a longer one.
   void              SetLimit(const uint bytes) { m_limit=(int)bytes; }

   void              Close(void) {
      if(m_socket!=INVALID_HANDLE)
         SocketClose(m_socket);
      m_socket=INVALID_HANDLE;
   }

   bool              Open(const string host,const uint port,const uint timeout_ms) {
      Close();
      m_problem="";
      m_error=0;
      ResetLastError();
      m_socket=SocketCreate();
      if(m_socket==INVALID_HANDLE)
         return(Fail("no socket"));
      if(!SocketConnect(m_socket,host,port,timeout_ms))
         return(Fail("no connection"));
      return(Greet() && Introduce());
   }

   bool              Send(const uchar &frame[]) { return(Write(0,frame)); }

   // The next frame: its size; 0 where none has come within `wait_ms`; ZMTP_LOST or ZMTP_TOO_LARGE.
   int               Receive(uchar &frame[],const uint wait_ms) {
      int flags=0,size=Read(frame,flags,wait_ms);
      while(size>0 && (flags&ZMTP_COMMAND)!=0)
         size=Obey(frame,size) ? Read(frame,flags,wait_ms) : ZMTP_LOST;
      if(size<=0 || (flags&ZMTP_MORE)==0)
         return(size);
      Fail("a message of several parts");
      return(ZMTP_LOST);
   }

private:
   bool              Fail(const string what) {
      m_error=GetLastError();
      m_problem=what;
      Close();
      return(false);
   }

   bool              Greet(void) {
      uchar theirs[64];
      if(SocketSend(m_socket,ZMTP_GREETING,64)!=64)
         return(Fail("no greeting could be sent"));
      if(!ReadExact(theirs,64))
         return(false);
      if(theirs[0]!=0xFF || (theirs[9]&1)==0 || theirs[10]<3 || TextIn(theirs,12,4)!="NULL")
         return(Fail("what listens there is no Companion bridge"));
      return(true);
   }

   bool              Introduce(void) {
      uchar answer[];
      int flags=0;
      SetLimit(ZMTP_SHORT_LIMIT);
      if(!Write(ZMTP_COMMAND,ZMTP_READY))
         return(false);
      if(Read(answer,flags,ZMTP_STEP_MS)<6 || flags!=ZMTP_COMMAND || TextIn(answer,1,5)!="READY")
         return(Fail("what listens there does not take a DEALER"));
      return(true);
   }

   bool              Write(const int flags,const uchar &body[]) {
      int size=ArraySize(body),at=(size>ZMTP_SHORT_LIMIT) ? 9 : 2;
      ArrayResize(m_out,at+size);
      m_out[0]=(uchar)(size>ZMTP_SHORT_LIMIT ? flags|ZMTP_LONG : flags);
      for(int i=1; i<at; i++)
         m_out[i]=(uchar)(((ulong)size>>(8*(at-1-i)))&0xFF);
      ArrayCopy(m_out,body,at);
      return(SocketSend(m_socket,m_out,(uint)(at+size))==at+size || Fail("the connection takes no more"));
   }

   int               Read(uchar &body[],int &flags,const uint wait_ms) {
      uchar head[1],length[8];
      if(!ReadFirst(head,wait_ms))
         return(m_socket!=INVALID_HANDLE ? 0 : ZMTP_LOST);
      flags=head[0];
      int places=(flags&ZMTP_LONG)!=0 ? 8 : 1;
      if(!ReadExact(length,places))
         return(ZMTP_LOST);
      ulong size=0;
      for(int i=0; i<places; i++)
         size=(size<<8)|length[i];
      if(size>(ulong)m_limit)
         return(ZMTP_TOO_LARGE);
      if(size==0)
         Fail("an empty frame");
      else if(ArrayResize(body,(int)size)==(int)size && ReadExact(body,(int)size))
         return((int)size);
      return(ZMTP_LOST);
   }

   // The first byte of a frame. SocketIsReadable may say 1 of an empty socket and 0 of a broken one: only reading tells.
   bool              ReadFirst(uchar &head[],const uint wait_ms) {
      if(m_socket==INVALID_HANDLE)
         return(false);
      bool may_come=wait_ms>0 || SocketIsReadable(m_socket)>0;
      if(may_come && SocketRead(m_socket,m_piece,1,MathMax(wait_ms,1))==1) {
         head[0]=m_piece[0];
         return(true);
      }
      return(SocketIsConnected(m_socket) ? false : Fail("the connection is gone"));
   }

   // Inside a frame there is no way back: what does not come in time ends the connection.
   bool              ReadExact(uchar &bytes[],const int size) {
      int got=0;
      while(got<size) {
         int more=SocketRead(m_socket,m_piece,(uint)(size-got),ZMTP_STEP_MS);
         if(more<=0)
            return(Fail("a frame broke off"));
         ArrayCopy(bytes,m_piece,got,0,more);
         got+=more;
      }
      return(true);
   }

   // PING is answered with what it brought, ERROR ends the connection, what is not known is passed over.
   bool              Obey(const uchar &command[],const int size) {
      string name=TextIn(command,1,MathMin(command[0],size-1));
      if(name=="ERROR")
         return(Fail("the bridge's socket refused this one"));
      if(name!="PING" || size<7)
         return(true);
      uchar pong[];
      ArrayCopy(pong,ZMTP_PONG);
      ArrayCopy(pong,command,ArraySize(pong),7,size-7);
      return(Write(ZMTP_COMMAND,pong));
   }

   static string     TextIn(const uchar &bytes[],const int at,const int size) {
      return(size>0 ? CharArrayToString(bytes,at,size,CP_UTF8) : "");
   }
};
