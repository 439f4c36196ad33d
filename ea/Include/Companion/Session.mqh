// One conversation with the bridge after another: who is there, what may be said when, and who has gone silent.
#include "Frame.mqh"
#include "Hash.mqh"
#include "WireFill.mqh"
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
public:
   WireWelcome       m_rules;        // what the bridge said in WELCOME

private:
   CZmtpDealer       m_link;
   WireHello         m_hello;
   ENUM_SESSION_STATE m_state;
   WireHeader        m_header;       // of the frame last heard
   uchar             m_heard_bytes[];
   uchar             m_said_bytes[];
   uint              m_sent;
   uint              m_heard;
   uint              m_acked;
   uint              m_number;
   ulong             m_heard_ms;
   ulong             m_beat_ms;
   ulong             m_paid_us;      // up to when the frames said so far use up the rate
   bool              m_is_refused;
   string            m_problem;

public:
                     CSession(void) : m_state(SESSION_DOWN),m_paid_us(0),m_is_refused(false) {}
   ENUM_SESSION_STATE State(void) const { return(m_state); }
   bool              IsLive(void) const { return(m_state==SESSION_LIVE); }
   bool              IsDown(void) const { return(m_state==SESSION_DOWN); }
   // Whether another attempt would end the same way until somebody changes something.
   bool              IsRefused(void) const { return(m_is_refused); }
   int               SocketError(void) const { return(m_link.Error()); }
   string            Problem(void) const { return(m_problem); }
   // How many items of `bytes` fit into one frame besides header and body.
   int               RoomFor(const int bytes) const { return(MathMax(1,((int)m_rules.max_frame_bytes-1024)/bytes)); }
   // Whether another frame keeps to the bridge's rate; a second's worth may go at once.
   bool              MaySay(void) const { return(m_paid_us<GetMicrosecondCount()+1000000); }
   // Whether the heartbeat just heard asks for a snapshot.
   bool              IsSnapshotWanted(void) const { return((m_header.flags&WIRE_FLAG_SNAPSHOT_WANTED)!=0); }

   bool              Begin(const WireHello &hello) {
      m_hello=hello;
      ZeroMemory(m_rules);
      m_rules.max_frame_bytes=WIRE_HANDSHAKE_FRAME_BYTES;
      m_rules.silence_ms=SESSION_HANDSHAKE_MS;
      m_rules.frames_per_second=UINT_MAX;
      m_sent=m_heard=m_acked=m_number=0;
      m_is_refused=false;
      m_problem="";
      if(!m_link.Open(InpHost,InpPort,SESSION_CONNECT_MS))
         return(Drop(m_link.Problem()));
      m_link.SetLimit(WIRE_HANDSHAKE_FRAME_BYTES);
      m_heard_ms=m_beat_ms=GetTickCount64();
      m_state=SESSION_GREETED;
      return(Tell(WIRE_MESSAGE_HELLO,hello));
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
      if(frame.Size()>(int)m_rules.max_frame_bytes || !frame.Seal(header,m_said_bytes))
         return(Drop(StringFormat("a frame of %d bytes cannot be sent",frame.Size())));
      m_sent=header.seq;
      m_paid_us=MathMax(m_paid_us,GetMicrosecondCount())+1000000/MathMax(m_rules.frames_per_second,1);
      return(m_link.Send(m_said_bytes) || Drop(m_link.Problem()));
   }

   // Says a message without items.
   template<typename T>
   bool              Tell(const ENUM_WIRE_MESSAGE type,const T &body,const int flags=0) {
      CFrame frame;
      frame.Begin(type,flags);
      frame.Put(body);
      return(Say(frame));
   }

   bool              Beat(const WireHeartbeat &body,const int flags) {
      m_beat_ms=GetTickCount64();
      if(m_state==SESSION_WELCOMED)
         m_state=SESSION_LIVE;
      return(Tell(WIRE_MESSAGE_HEARTBEAT,body,flags));
   }

   // The type of the next message, whose body `Read` gives; 0 where there is none.
   int               Receive(const uint wait_ms) {
      if(m_state==SESSION_DOWN)
         return(0);
      int size=m_link.Receive(m_heard_bytes,wait_ms);
      if(size==ZMTP_TOO_LARGE)
         Fail(WIRE_ERROR_TOO_LARGE,StringFormat("length is above %u bytes",m_rules.max_frame_bytes));
      else if(size<0)
         Drop(m_link.Problem());
      return(size>0 && Heard(size) ? m_header.type : 0);
   }

   template<typename T>
   bool              Read(T &body) const { return(CharArrayToStruct(body,m_heard_bytes,sizeof(WireHeader))); }

   // Ends the session of a bridge that is silent; whether a heartbeat is due.
   bool              OnTime(void) {
      ulong now=GetTickCount64();
      if(m_state!=SESSION_DOWN && now-m_heard_ms>=m_rules.silence_ms)
         Fail(WIRE_ERROR_SILENT,StringFormat("nothing heard for %I64u ms",now-m_heard_ms));
      return(m_state>=SESSION_WELCOMED && now-m_beat_ms>=m_rules.heartbeat_ms);
   }

   // Says what the bridge did wrong, and ends the session.
   bool              Fail(const ENUM_WIRE_ERROR code,const string text) {
      WireError error;
      ZeroMemory(error);
      error.code=(ushort)code;
      error.fatal=1;
      error.ref_seq=Following(m_heard);
      CText::Put(error.text,text);
      Tell(WIRE_MESSAGE_ERROR,error);
      m_is_refused=IsFinal(code);
      return(Drop(text));
   }

   void              Leave(const ENUM_WIRE_BYE reason,const string text) {
      WireBye bye;
      ZeroMemory(bye);
      bye.reason=(ushort)reason;
      CText::Put(bye.text,text);
      Tell(WIRE_MESSAGE_BYE,bye);
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
      m_state=SESSION_DOWN;
      m_link.Close();
      return(false);
   }

   // Takes the frame in; whether the session goes on. A fatal ERROR is heard wherever the count stands.
   bool              Heard(const int size) {
      if(size<(int)sizeof(m_header) || !CharArrayToStruct(m_header,m_heard_bytes) || m_header.magic!=WIRE_MAGIC
         || m_header.reserved!=0 || m_header.items!=0 || size!=(int)sizeof(m_header)+WireBodySize(m_header.type))
         return(Fail(WIRE_ERROR_BAD_FRAME,StringFormat("length or header of a frame of %d bytes",size)));
      if(m_header.version!=WIRE_VERSION)
         return(Fail(WIRE_ERROR_BAD_VERSION,StringFormat("WireHeader.version is %u; this side speaks %u",m_header.version,WIRE_VERSION)));
      if(IsFatal())
         return(false);
      string problem=Disorder();
      if(problem!="")
         return(Fail(WIRE_ERROR_OUT_OF_SEQUENCE,problem));
      if(!IsExpected(m_header.type))
         return(Fail(WIRE_ERROR_UNEXPECTED,StringFormat("message of type %u in state %s; not allowed",m_header.type,EnumToString(m_state))));
      m_heard=m_header.seq;
      m_acked=m_header.ack;
      m_heard_ms=GetTickCount64();
      return(Take());
   }

   bool              IsFatal(void) {
      WireError error;
      if(m_header.type!=WIRE_MESSAGE_ERROR || !Read(error) || error.fatal==0)
         return(false);
      m_is_refused=IsFinal(error.code);
      Drop("the bridge says "+CText::Of(error.text));
      return(true);
   }

   string            Disorder(void) const {
      if(m_header.seq!=Following(m_heard))
         return(StringFormat("WireHeader.seq is %u after %u; a frame was lost or repeated, reconnect",m_header.seq,m_heard));
      if(m_header.ack-m_acked>m_sent-m_acked)
         return(StringFormat("WireHeader.ack is %u; it was %u before, and %u is the last sent",m_header.ack,m_acked,m_sent));
      if(m_header.session!=m_number)
         return(StringFormat("WireHeader.session is %u; this session is %u",m_header.session,m_number));
      return("");
   }

   bool              IsExpected(const int type) const {
      if(type==WIRE_MESSAGE_CHALLENGE)
         return(m_state==SESSION_GREETED);
      if(type==WIRE_MESSAGE_WELCOME)
         return(m_state==SESSION_PROVEN);
      return(m_state==SESSION_LIVE || type==WIRE_MESSAGE_BYE);
   }

   bool              Take(void) {
      if(m_header.type==WIRE_MESSAGE_CHALLENGE)
         return(Authenticate());
      if(m_header.type==WIRE_MESSAGE_WELCOME)
         return(TakeRules());
      return(m_header.type!=WIRE_MESSAGE_BYE || Drop("the bridge has left"));
   }

   bool              TakeRules(void) {
      WireWelcome rules;
      if(!Read(rules) || rules.session==0 || rules.heartbeat_ms==0 || rules.silence_ms<=rules.heartbeat_ms || rules.max_ticks==0
         || rules.max_frame_bytes<WIRE_HANDSHAKE_FRAME_BYTES || rules.max_frame_bytes>INT_MAX/4)
         return(Fail(WIRE_ERROR_BAD_FRAME,"WireWelcome holds rules that cannot be kept"));
      m_rules=rules;
      m_number=rules.session;
      m_link.SetLimit(rules.max_frame_bytes);
      m_state=SESSION_WELCOMED;
      return(true);
   }

   bool              Authenticate(void) {
      WireChallenge challenge;
      WireBridgeProof theirs;
      WireTerminalProof ours;
      WireAuth auth;
      uchar digest[];
      if(!Read(challenge) || challenge.version!=WIRE_VERSION)
         return(Fail(WIRE_ERROR_BAD_VERSION,StringFormat("the bridge chose version %u; this EA speaks %u: update the older",
                                                         challenge.version,WIRE_VERSION)));
      ZeroMemory(theirs);
      if(!Sign(theirs,WIRE_LABEL_BRIDGE,challenge,digest) || !CHash::AreEqual(digest,challenge.proof))
         return(Fail(WIRE_ERROR_BAD_SECRET,SESSION_NOT_PROVEN));
      ZeroMemory(ours);
      ours.terminal_id=m_hello.terminal_id;
      ours.trade_mode=m_hello.trade_mode;
      if(!Sign(ours,WIRE_LABEL_TERMINAL,challenge,digest))
         return(Drop("HMAC-SHA256 is not available in this terminal"));
      ArrayCopy(auth.proof,digest);
      m_state=SESSION_PROVEN;
      return(Tell(WIRE_MESSAGE_AUTH,auth));
   }

   // Fills in what both proofs begin with, and signs the whole.
   template<typename T>
   bool              Sign(T &proof,const string label,const WireChallenge &challenge,uchar &digest[]) const {
      uchar bytes[];
      CText::Put(proof.label,label);
      proof.version=challenge.version;
      ArrayCopy(proof.client_nonce,m_hello.client_nonce);
      ArrayCopy(proof.bridge_nonce,challenge.bridge_nonce);
      proof.login=m_hello.login;
      ArrayCopy(proof.server,m_hello.server);
      return(StructToCharArray(proof,bytes) && CHash::Hmac(InpSecret,bytes,digest));
   }
};
