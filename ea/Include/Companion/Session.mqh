// One conversation with the bridge after another: who is there, what may be said when, and who has gone silent.
#ifndef COMPANION_SESSION_MQH
#define COMPANION_SESSION_MQH

#include "Frame.mqh"
#include "Hash.mqh"
#include "Text.mqh"
#include "ZmtpDealer.mqh"

#define SESSION_CONNECT_MS 500
#define SESSION_HANDSHAKE_MS 10000
#define SESSION_NOT_PROVEN "authentication failed: set the same shared secret in the bridge and in the EA"

enum ENUM_SESSION_STATE {
   SESSION_DOWN,      // no connection
   SESSION_GREETED,   // waits for CHALLENGE
   SESSION_PROVEN,    // waits for WELCOME
   SESSION_WELCOMED,  // tells what there is
   SESSION_LIVE       // ticks and intents flow
};

class CSession {
private:
   CZmtpDealer       m_link;
   WireHello         m_hello;
   WireWelcome       m_welcome;
   ENUM_SESSION_STATE m_state;
   uchar             m_heard_bytes[];
   uchar             m_said_bytes[];
   uint              m_sent;
   uint              m_heard;
   uint              m_acked;
   uint              m_number;
   ulong             m_heard_ms;
   ulong             m_beat_ms;
   bool              m_is_refused;
   int               m_error;
   string            m_problem;

public:
                     CSession(void) : m_state(SESSION_DOWN),m_is_refused(false),m_error(0) {}
   ENUM_SESSION_STATE State(void) const { return(m_state); }
   bool              IsLive(void) const { return(m_state==SESSION_LIVE); }
   bool              IsDown(void) const { return(m_state==SESSION_DOWN); }
   // Whether another attempt would end the same way until somebody changes something.
   bool              IsRefused(void) const { return(m_is_refused); }
   int               SocketError(void) const { return(m_error); }
   string            Problem(void) const { return(m_problem); }
   uint              MaxTicks(void) const { return(MathMin(m_welcome.max_ticks,(uint)RoomFor((int)sizeof(MqlTick)))); }
   void              Welcome(WireWelcome &welcome) const { welcome=m_welcome; }

   // How many items of `bytes` fit into one frame besides header and body.
   int               RoomFor(const int bytes) const { return(MathMax(1,((int)m_welcome.max_frame_bytes-1024)/bytes)); }

   bool              Begin(const WireHello &hello) {
      m_hello=hello;
      ZeroMemory(m_welcome);
      m_welcome.max_frame_bytes=WIRE_HANDSHAKE_FRAME_BYTES;
      m_welcome.silence_ms=SESSION_HANDSHAKE_MS;
      m_sent=m_heard=m_acked=m_number=0;
      m_is_refused=false;
      m_problem="";
      if(!m_link.Open(InpHost,InpPort,SESSION_CONNECT_MS))
         return(Drop(m_link.Problem()));
      m_link.SetLimit(WIRE_HANDSHAKE_FRAME_BYTES);
      m_heard_ms=m_beat_ms=GetTickCount64();
      m_state=SESSION_GREETED;
      CFrame frame;
      frame.Put(hello);
      return(Say(frame));
   }

   bool              Say(CFrame &frame) {
      WireHeader header;
      ZeroMemory(header);
      header.seq=Following(m_sent);
      header.ack=m_heard;
      header.session=m_number;
      header.time_ns=(long)TimeGMT()*1000000000;
      if(m_state==SESSION_DOWN)
         return(false);
      if(frame.Size()>(int)m_welcome.max_frame_bytes || !frame.Seal(header,m_said_bytes))
         return(Drop(StringFormat("a frame of %d bytes cannot be sent",frame.Size())));
      if(!m_link.Send(m_said_bytes))
         return(Drop(m_link.Problem()));
      m_sent=header.seq;
      return(true);
   }

   bool              Beat(CFrame &frame) {
      m_beat_ms=GetTickCount64();
      if(m_state==SESSION_WELCOMED)
         m_state=SESSION_LIVE;
      return(Say(frame));
   }

   // The type of the next message, whose body `Read` gives; 0 where there is none.
   int               Receive(const uint wait_ms) {
      if(m_state==SESSION_DOWN)
         return(0);
      int size=m_link.Receive(m_heard_bytes,wait_ms);
      if(size==ZMTP_TOO_LARGE)
         Fail(WIRE_ERROR_TOO_LARGE,StringFormat("length is above %u bytes",m_welcome.max_frame_bytes));
      else if(size<0)
         Drop(m_link.Problem());
      return(size>0 ? Heard(size) : 0);
   }

   // Whether the heartbeat just heard asks for a snapshot.
   bool              IsSnapshotWanted(void) const {
      WireHeader header;
      return(CharArrayToStruct(header,m_heard_bytes) && (header.flags&WIRE_FLAG_SNAPSHOT_WANTED)!=0);
   }

   template<typename T>
   bool              Read(T &body) const { return(CharArrayToStruct(body,m_heard_bytes,sizeof(WireHeader))); }

   // Ends the session of a bridge that is silent; whether a heartbeat is due.
   bool              OnTime(void) {
      if(m_state==SESSION_DOWN)
         return(false);
      ulong now=GetTickCount64();
      if(now-m_heard_ms>=m_welcome.silence_ms)
         Fail(WIRE_ERROR_SILENT,StringFormat("nothing heard for %I64u ms",now-m_heard_ms));
      return(m_state>=SESSION_WELCOMED && now-m_beat_ms>=m_welcome.heartbeat_ms);
   }

   // Says what the bridge did wrong, and ends the session.
   bool              Fail(const ENUM_WIRE_ERROR code,const string text) {
      WireError error;
      ZeroMemory(error);
      error.code=(ushort)code;
      error.fatal=1;
      error.ref_seq=Following(m_heard);
      CText::Put(error.text,text);
      CFrame frame;
      frame.Begin(WIRE_MESSAGE_ERROR);
      frame.Put(error);
      Say(frame);
      m_is_refused=IsFinal(code);
      return(Drop(text));
   }

   void              Leave(const ENUM_WIRE_BYE reason,const string text) {
      WireBye bye;
      ZeroMemory(bye);
      bye.reason=(ushort)reason;
      CText::Put(bye.text,text);
      CFrame frame;
      frame.Begin(WIRE_MESSAGE_BYE);
      frame.Put(bye);
      Say(frame);
      Drop(text);
   }

private:
   static uint       Following(const uint number) { return(number==UINT_MAX ? 1 : number+1); }

   static bool       IsFinal(const int code) {
      return(code==WIRE_ERROR_BAD_SECRET || code==WIRE_ERROR_BAD_VERSION || code==WIRE_ERROR_REFUSED);
   }

   bool              Drop(const string problem) {
      if(m_problem=="")
         m_problem=problem;
      m_error=m_link.Error();
      m_state=SESSION_DOWN;
      m_link.Close();
      return(false);
   }

   int               Heard(const int size) {
      WireHeader header;
      ZeroMemory(header);
      if(size<(int)sizeof(header) || !CharArrayToStruct(header,m_heard_bytes) || header.magic!=WIRE_MAGIC
         || header.reserved!=0 || header.items!=0 || size!=(int)sizeof(header)+BodySize(header.type))
         Fail(WIRE_ERROR_BAD_FRAME,StringFormat("WireHeader.type is %u in a frame of %d bytes",header.type,size));
      else if(header.version!=WIRE_VERSION)
         Fail(WIRE_ERROR_BAD_VERSION,StringFormat("WireHeader.version is %u; this side speaks %u",header.version,WIRE_VERSION));
      else if(IsFatal(header.type))
         TakeError();
      else if(IsInOrder(header) && IsInPlace(header)) {
         m_heard=header.seq;
         m_acked=header.ack;
         m_heard_ms=GetTickCount64();
         Take(header.type);
      }
      return(m_state==SESSION_DOWN ? 0 : header.type);
   }

   static int        BodySize(const int type) {
      switch(type) {
         case WIRE_MESSAGE_CHALLENGE: return((int)sizeof(WireChallenge));
         case WIRE_MESSAGE_WELCOME:   return((int)sizeof(WireWelcome));
         case WIRE_MESSAGE_HISTORY:   return((int)sizeof(WireHistory));
         case WIRE_MESSAGE_DECISION:  return((int)sizeof(WireDecision));
         case WIRE_MESSAGE_INTENT:    return((int)sizeof(WireIntent));
         case WIRE_MESSAGE_HEARTBEAT: return((int)sizeof(WireHeartbeat));
         case WIRE_MESSAGE_ERROR:     return((int)sizeof(WireError));
         case WIRE_MESSAGE_BYE:       return((int)sizeof(WireBye));
      }
      return(-1);
   }

   bool              IsFatal(const int type) const {
      WireError error;
      return(type==WIRE_MESSAGE_ERROR && Read(error) && error.fatal!=0);
   }

   bool              IsInOrder(const WireHeader &header) {
      string problem="";
      if(header.seq!=Following(m_heard))
         problem=StringFormat("WireHeader.seq is %u after %u; a frame was lost or repeated, reconnect",header.seq,m_heard);
      else if(header.ack-m_acked>m_sent-m_acked)
         problem=StringFormat("WireHeader.ack is %u; it was %u before, and %u is the last sent",header.ack,m_acked,m_sent);
      else if(header.session!=m_number)
         problem=StringFormat("WireHeader.session is %u; this session is %u",header.session,m_number);
      return(problem=="" || Fail(WIRE_ERROR_OUT_OF_SEQUENCE,problem));
   }

   bool              IsInPlace(const WireHeader &header) {
      ENUM_SESSION_STATE wanted=SESSION_LIVE;
      if(header.type==WIRE_MESSAGE_BYE)
         wanted=m_state;
      else if(header.type==WIRE_MESSAGE_CHALLENGE)
         wanted=SESSION_GREETED;
      else if(header.type==WIRE_MESSAGE_WELCOME)
         wanted=SESSION_PROVEN;
      return(m_state==wanted || Fail(WIRE_ERROR_UNEXPECTED,StringFormat("message of type %u in state %s; not allowed",
                                                                        header.type,EnumToString(m_state))));
   }

   void              Take(const int type) {
      if(type==WIRE_MESSAGE_CHALLENGE)
         Authenticate();
      else if(type==WIRE_MESSAGE_WELCOME)
         TakeWelcome();
      else if(type==WIRE_MESSAGE_BYE)
         Drop("the bridge has left");
   }

   void              TakeError(void) {
      WireError error;
      if(!Read(error))
         return;
      m_is_refused=IsFinal(error.code);
      Drop("the bridge says "+CText::Of(error.text));
   }

   void              TakeWelcome(void) {
      WireWelcome welcome;
      if(!Read(welcome) || welcome.session==0 || welcome.heartbeat_ms==0 || welcome.silence_ms<=welcome.heartbeat_ms
         || welcome.max_frame_bytes<WIRE_HANDSHAKE_FRAME_BYTES || welcome.max_frame_bytes>INT_MAX/4 || welcome.max_ticks==0) {
         Fail(WIRE_ERROR_BAD_FRAME,"WireWelcome holds rules that cannot be kept");
         return;
      }
      m_welcome=welcome;
      m_number=welcome.session;
      m_link.SetLimit(welcome.max_frame_bytes);
      m_state=SESSION_WELCOMED;
   }

   void              Authenticate(void) {
      WireChallenge challenge;
      if(!Read(challenge))
         return;
      if(challenge.version!=WIRE_VERSION)
         Fail(WIRE_ERROR_BAD_VERSION,StringFormat("the bridge chose version %u; this EA speaks %u: update the older",
                                                  challenge.version,WIRE_VERSION));
      else if(!IsProven(challenge))
         Fail(WIRE_ERROR_BAD_SECRET,SESSION_NOT_PROVEN);
      else
         Prove(challenge);
   }

   bool              IsProven(const WireChallenge &challenge) const {
      WireBridgeProof proof;
      ZeroMemory(proof);
      CText::Put(proof.label,WIRE_LABEL_BRIDGE);
      proof.version=challenge.version;
      ArrayCopy(proof.client_nonce,m_hello.client_nonce);
      ArrayCopy(proof.bridge_nonce,challenge.bridge_nonce);
      proof.login=m_hello.login;
      ArrayCopy(proof.server,m_hello.server);
      uchar bytes[],expected[];
      return(StructToCharArray(proof,bytes) && CHash::Hmac(InpSecret,bytes,expected)
             && CHash::AreEqual(expected,challenge.proof));
   }

   void              Prove(const WireChallenge &challenge) {
      WireTerminalProof proof;
      ZeroMemory(proof);
      CText::Put(proof.label,WIRE_LABEL_TERMINAL);
      proof.version=challenge.version;
      ArrayCopy(proof.client_nonce,m_hello.client_nonce);
      ArrayCopy(proof.bridge_nonce,challenge.bridge_nonce);
      proof.login=m_hello.login;
      ArrayCopy(proof.server,m_hello.server);
      proof.terminal_id=m_hello.terminal_id;
      proof.trade_mode=m_hello.trade_mode;
      uchar bytes[],digest[];
      if(!StructToCharArray(proof,bytes) || !CHash::Hmac(InpSecret,bytes,digest)) {
         Drop("HMAC-SHA256 is not available in this terminal");
         return;
      }
      WireAuth auth;
      ArrayCopy(auth.proof,digest);
      CFrame frame;
      frame.Begin(WIRE_MESSAGE_AUTH);
      frame.Put(auth);
      m_state=SESSION_PROVEN;
      Say(frame);
   }
};

#endif
