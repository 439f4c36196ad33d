//=== condition_declares [condition-declares]: declared before the loop
int Next(void)
  {
   return(0);
  }
void OnTick(void)
  {
   while(int value=Next())
     {
      Print(value);
     }
  }
//=== condition_begins [condition-declares]: an if has a condition, no beginning
int Next(void)
  {
   return(0);
  }
void OnTick(void)
  {
   if(int value=Next(); value>0)
     {
      Print(value);
     }
  }
//=== assigned_choice [ternary-target]: a choice is no variable
void OnTick(void)
  {
   int a=1,b=2;
   (a<b ? a : b)=5;
   Print(a);
  }
//=== comma [comma]: the left value is lost
void OnTick(void)
  {
   int lots=(1,2);
   Print(lots);
  }
//=== comparison_as_statement [no-effect]: = was meant
void OnTick(void)
  {
   int lots=1;
   lots==2;
   Print(lots);
  }
//=== empty_body [empty-body]: the semicolon is the body
void OnTick(void)
  {
   int lots=1;
   if(lots>0);
   Print(lots);
  }
//=== and_beside_or [and-or]: which comes first must be seen
void OnTick(void)
  {
   bool a=true,b=false,c=true;
   if(a || b && c)
      Print(1);
  }
//=== case_twice [case-twice]: the second is never reached
void OnTick(void)
  {
   int side=1;
   switch(side)
     {
      case 1:
         Print(1);
         break;
      case 1:
         Print(2);
         break;
     }
  }
//=== switch_by_string [switch-string]: cases are whole numbers
void OnTick(void)
  {
   string side="buy";
   switch(side)
     {
      case "buy":
         Print(1);
     }
  }
//=== string_as_number [number-string]: turned into a number without a word
void OnTick(void)
  {
   string words="12";
   int lots=words;
   Print(lots);
  }
//=== number_as_string [string-number]: turned into a string without a word
void OnTick(void)
  {
   string words="a"+5;
   Print(words);
  }
//=== order_unchecked [unchecked]: whether it was sent is not asked
void OnTick(void)
  {
   MqlTradeRequest request;
   MqlTradeResult result;
   ZeroMemory(request);
   ZeroMemory(result);
   OrderSend(request,result);
  }
//=== index_past_the_end [index]: stops the program
void OnTick(void)
  {
   int levels[3];
   levels[5]=1;
   Print(levels[5]);
  }
//=== division_by_zero [zero-divide]: stops the program
void OnTick(void)
  {
   int lots=5/0;
   Print(lots);
  }
//=== no_first_value [first-value]: holds what the stack held
void OnTick(void)
  {
   int lots;
   if(TimeGMT()>5)
      lots=1;
   Print(lots);
  }
