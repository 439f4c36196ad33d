// A ZeroMQ DEALER by hand: ZMTP 3.0 with the NULL mechanism (rfc.zeromq.org/spec/23) over MQL5's sockets.
#ifndef COMPANION_ZMTP_DEALER_MQH
#define COMPANION_ZMTP_DEALER_MQH

#define ZMTP_GREETING_BYTES 64
#define ZMTP_MORE 1
#define ZMTP_LONG 2
#define ZMTP_COMMAND 4
#define ZMTP_SHORT_LIMIT 255
#define ZMTP_STEP_MS 1000
#define ZMTP_LOST -1
#define ZMTP_TOO_LARGE -2

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
   bool              IsOpen(void) const { return(m_socket!=INVALID_HANDLE); }
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
      int flags=0,size=0;
      while((size=Read(frame,flags,wait_ms))>0 && (flags&ZMTP_COMMAND)!=0)
         if(!Obey(frame,size))
            return(ZMTP_LOST);
      if(size>0 && (flags&ZMTP_MORE)!=0) {
         Fail("a message of several parts");
         return(ZMTP_LOST);
      }
      return(size);
   }

private:
   bool              Fail(const string what) {
      m_error=GetLastError();
      m_problem=what;
      Close();
      return(false);
   }

   bool              Greet(void) {
      uchar greeting[];
      ArrayResize(greeting,ZMTP_GREETING_BYTES);
      ArrayInitialize(greeting,0);
      greeting[0]=0xFF;
      greeting[9]=0x7F;
      greeting[10]=3;
      PutText(greeting,12,"NULL");
      if(SocketSend(m_socket,greeting,ZMTP_GREETING_BYTES)!=ZMTP_GREETING_BYTES)
         return(Fail("greeting not sent"));
      if(!ReadExact(greeting,ZMTP_GREETING_BYTES))
         return(false);
      if(greeting[0]!=0xFF || (greeting[9]&1)==0 || greeting[10]<3 || TextIn(greeting,12,4)!="NULL")
         return(Fail("what listens there is no Companion bridge"));
      return(true);
   }

   bool              Introduce(void) {
      uchar ready[],answer[];
      int at=PutShort(ready,0,"READY");
      at=PutShort(ready,at,"Socket-Type");
      ArrayResize(ready,at+4);
      ArrayFill(ready,at,3,0);
      ready[at+3]=6;
      PutText(ready,at+4,"DEALER");
      if(!Write(ZMTP_COMMAND,ready))
         return(false);
      SetLimit(ZMTP_SHORT_LIMIT);
      int flags=0,size=Read(answer,flags,ZMTP_STEP_MS);
      if(size<6 || flags!=ZMTP_COMMAND || TextIn(answer,1,5)!="READY")
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
      if(SocketSend(m_socket,m_out,(uint)(at+size))!=at+size)
         return(Fail("the connection takes no more"));
      return(true);
   }

   int               Read(uchar &body[],int &flags,const uint wait_ms) {
      uchar head[1],length[8];
      if(!ReadFirst(head,wait_ms))
         return(IsOpen() ? 0 : ZMTP_LOST);
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
      if(!IsOpen())
         return(false);
      if(wait_ms==0 && SocketIsReadable(m_socket)==0) {
         if(!SocketIsConnected(m_socket))
            Fail("the connection is gone");
         return(false);
      }
      int got=SocketRead(m_socket,m_piece,1,MathMax(wait_ms,1));
      if(got==1)
         head[0]=m_piece[0];
      else if(!SocketIsConnected(m_socket))
         Fail("the connection is gone");
      return(got==1);
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

   bool              Obey(const uchar &command[],const int size) {
      string name=TextIn(command,1,MathMin(command[0],size-1));
      if(name=="ERROR")
         return(Fail("the bridge's socket refused: "+TextIn(command,7,size-7)));
      if(name!="PING" || size<7)
         return(true);
      uchar pong[];
      int at=PutShort(pong,0,"PONG");
      ArrayResize(pong,at+size-7);
      ArrayCopy(pong,command,at,7,size-7);
      return(Write(ZMTP_COMMAND,pong));
   }

   static string     TextIn(const uchar &bytes[],const int at,const int size) {
      return(size>0 ? CharArrayToString(bytes,at,size,CP_UTF8) : "");
   }

   // Puts `text` at `at`; where it ends.
   static int        PutText(uchar &bytes[],const int at,const string text) {
      uchar letters[];
      int size=StringToCharArray(text,letters,0,-1,CP_UTF8)-1;
      ArrayResize(bytes,MathMax(ArraySize(bytes),at+size));
      ArrayCopy(bytes,letters,at,0,size);
      return(at+size);
   }

   // Puts `text` behind its length; where it ends.
   static int        PutShort(uchar &bytes[],const int at,const string text) {
      ArrayResize(bytes,at+1);
      bytes[at]=(uchar)StringLen(text);
      return(PutText(bytes,at+1,text));
   }
};

#endif
