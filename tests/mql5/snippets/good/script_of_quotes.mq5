#property script_show_inputs
input int    InpCount=1000;
input string InpFile="quotes.csv";

//--- a script may wait: it has no events
bool Wait(const string symbol,MqlTick &ticks[])
  {
   return(CopyTicks(symbol,ticks,COPY_TICKS_ALL,0,InpCount)>0);
  }

void OnStart(void)
  {
   MqlTick ticks[];
   int tries=0;
   while(!Wait(_Symbol,ticks) && !IsStopped() && tries++<10)
      Sleep(200);
   int file=FileOpen(InpFile,FILE_WRITE|FILE_CSV|FILE_ANSI,',',CP_UTF8);
   if(file==INVALID_HANDLE)
      return;
   for(int i=0; i<ArraySize(ticks); i++)
      if(FileWrite(file,ticks[i].time_msc,DoubleToString(ticks[i].bid,_Digits),DoubleToString(ticks[i].ask,_Digits))==0)
         break;
   FileClose(file);
   //--- goto, try and new are only words in a comment, "unsigned" and 'auto' too
   Print("goto auto new delete -> :: std::vector #import nullptr");
  }
