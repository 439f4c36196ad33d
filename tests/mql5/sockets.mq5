// Answers what the test asks of MQL5's sockets: each tick does one thing.
input string InpDo="";
input int    InpPort=0;
input int    InpTimeoutMs=50;

int   g_socket=INVALID_HANDLE;
uchar g_heard[];

void Say(const string what,const long value) {
   int error=GetLastError();
   PrintFormat("%s %I64d %d",what,value,error);
   ResetLastError();
}

int OnInit(void) {
   g_socket=SocketCreate();
   bool is_connected=SocketConnect(g_socket,"127.0.0.1",(uint)InpPort,1000);
   Say("connect",is_connected);
   return(INIT_SUCCEEDED);
}

void Read(const uint size) {
   ulong before=GetTickCount64();
   int count=SocketRead(g_socket,g_heard,size,(uint)InpTimeoutMs);
   Say("read",count);
   PrintFormat("text %s",count>0 ? CharArrayToString(g_heard,0,count) : "");
   PrintFormat("took %I64u",GetTickCount64()-before);
}

void OnTick(void) {
   if(InpDo=="read5")
      Read(5);
   if(InpDo=="readable")
      Say("readable",SocketIsReadable(g_socket));
   if(InpDo=="echo") {
      uchar out[];
      StringToCharArray("hello",out,0,5);
      Say("send",SocketSend(g_socket,out,5));
      Read(5);
   }
   if(InpDo=="misuse") {
      uchar out[2];
      Say("length",SocketSend(g_socket,out,3));
      Say("handle",SocketSend(77,out,2));
      Say("nothing",SocketRead(g_socket,g_heard,0,10));
   }
   if(InpDo=="many") {
      int count=1;
      while(SocketCreate()!=INVALID_HANDLE)
         count++;
      Say("created",count);
   }
   Say("connected",SocketIsConnected(g_socket));
}

void OnDeinit(const int reason) { SocketClose(g_socket); }
