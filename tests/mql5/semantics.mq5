//+------------------------------------------------------------------+
//| What MetaTrader does, after the MQL5 reference (String, Conversion, |
//| Array, Date, File Functions; Language Basics). A line with //> is  |
//| what the case above it prints.                                    |
//+------------------------------------------------------------------+
enum ENUM_MOOD { MOOD_BAD=-1, MOOD_NONE, MOOD_GOOD };
struct Small pack(1) { uchar one; int four; double eight; short two; };
struct Outer pack(1) { Small inner[2]; uchar tail; };
class CCounter {
   int m_count; uchar m_cells[];
public:
   enum ENUM_STEP { STEP_SMALL=1, STEP_LARGE=10 };
   static int s_made;
   CCounter(void) : m_count(0) { s_made++; ArrayResize(m_cells,2); ArrayInitialize(m_cells,7); }
   int Add(const ENUM_STEP step=STEP_SMALL) { this.m_count+=step; return(m_count); }
   int Cell(const int at) const { return(m_cells[at]); }
   void SetCell(const int at,const uchar value) { m_cells[at]=value; }
   string NameOf(const ENUM_STEP step) const { return(EnumToString(step)); }
};
int CCounter::s_made=0;
template<typename T> T Largest(const T &items[]) { T best=items[0]; for(int i=1; i<ArraySize(items); i++) if(items[i]>best) best=items[i]; return(best); }
template<typename T> void Twice(T &items[]) { for(int i=0; i<ArraySize(items); i++) items[i]=(T)(items[i]*2); }
int Sum(const int &items[]) { int sum=0; for(int i=0; i<ArraySize(items); i++) sum+=items[i]; return(sum); }
int Trace(int &matrix[][3]) { return(matrix[0][0]+matrix[1][1]); }
void Take(int &target[],const int &source[]) { ArrayResize(target,ArraySize(source)); ArrayCopy(target,source); }
void Tell(const string what) { int error=GetLastError(); Print(what," ",error); ResetLastError(); }
int Calls(void) { static int calls=0; calls++; return(calls); }
#define SQUARE(x) ((x)*(x))
#define GREETING "hello // no comment"
#ifdef __MQL5__
#define HAS_MQL5 1
#else
#define HAS_MQL5 0
#endif

//=== StringToCharArray copies the terminating 0
uchar a[];
Print(StringToCharArray("abc",a));
Print(ArraySize(a));
Print(a[3]);
//> 4
//> 4
//> 0

//=== StringToCharArray with a count leaves the 0 out
uchar a[];
Print(StringToCharArray("abc",a,0,3));
Print(ArraySize(a));
//> 3
//> 3

//=== StringToCharArray never makes an array shorter
uchar a[];
ArrayResize(a,10);
ArrayInitialize(a,9);
StringToCharArray("abc",a,2);
Print(ArraySize(a));
Print(a[1],a[2],a[5],a[6]);
//> 10
//> 99709

//=== StringToCharArray fills a fixed array as far as it goes
uchar a[2];
Print(StringToCharArray("abc",a));
Print(CharArrayToString(a));
//> 2
//> ab

//=== UTF-8 and the code page
uchar a[];
Print(StringToCharArray("ä€😀",a,0,-1,CP_UTF8));
Print(StringLen("ä€😀"));
Print(CharArrayToString(a,0,WHOLE_ARRAY,CP_UTF8));
Print(StringToCharArray("ä€",a));
Print(a[0]," ",a[1]);
//> 10
//> 4
//> ä€😀
//> 3
//> 228 63

//=== CharArrayToString stops at the first 0 or the count
uchar a[]={65,66,0,67};
Print(CharArrayToString(a));
Print(CharArrayToString(a,0,1));
Print(CharArrayToString(a,3));
Print("[",CharArrayToString(a,2),"]");
//> AB
//> A
//> C
//> []

//=== parts of strings
Print(StringSubstr("abcdef",2,3));
Print(StringSubstr("abcdef",4));
Print(StringFind("abcabc","c",3));
Print(StringFind("abc","x"));
string s="a-b-c";
Print(StringReplace(s,"-","--"));
Print(s);
//> cde
//> ef
//> 5
//> -1
//> 2
//> a--b--c

//=== StringSplit
string p[];
Print(StringSplit("a,,b",',',p));
Print(p[0],"|",p[1],"|",p[2]);
Print(StringSplit("",',',p));
//> 3
//> a||b
//> 0

//=== trimming and case
string s=" \t ab \r\n";
Print(StringTrimLeft(s));
Print(StringTrimRight(s));
Print("[",s,"]");
StringToUpper(s);
Print(s);
Print(StringCompare("a","B",false));
Print(StringCompare("a","B"));
//> 3
//> 3
//> [ab]
//> AB
//> -1
//> 1

//=== characters
string s="abc";
Print(s[1]);
Print(StringGetCharacter(s,9));
StringSetCharacter(s,1,'X');
Print(s);
Print(ShortToString(0x20AC));
Print('A'+1);
Print(CharToString(66));
//> 98
//> 0
//> aXc
//> €
//> 66
//> B

//=== no string
string s=NULL;
Print(s==NULL);
Print(StringLen(s));
s="x";
Print(s==NULL);
Print(s+"1.5"==NULL ? "" : "y");
//> true
//> 0
//> false
//> y

//=== numbers to text
Print(0.1);
Print(1.0);
Print((string)1e20);
Print(DoubleToString(1.23456789,3));
Print(IntegerToString(7,3,'0'));
Print((string)(-5));
Print(true);
Print((uchar)200);
Print(1.0/3.0);
//> 0.1
//> 1.0
//> 1e+20
//> 1.235
//> 007
//> -5
//> true
//> 200
//> 0.3333333333333333

//=== text to numbers
Print(StringToInteger("12abc"));
Print(StringToDouble("1.5e3x"));
Print((int)"42");
Print((double)"0.25");
Print(StringToInteger("9223372036854775807"));
//> 12
//> 1500.0
//> 42
//> 0.25
//> 9223372036854775807

//=== StringFormat
Print(StringFormat("%5.2f|%-4s|%05d|%x|%%|%I64d|%c|%s|%u|%+d|%g",1.005,"ab",42,255,LONG_MAX,65,"ä",UINT_MAX,3,0.5));
//>  1.00|ab  |00042|ff|%|9223372036854775807|A|ä|4294967295|+3|0.5

//=== dates
Print(D'2024.02.29 13:05:09');
Print((long)D'1970.01.02');
Print((long)D'31.12.2025 23:59');
Print(TimeToString(D'2024.02.29 13:05:09'));
Print(TimeToString(D'2024.02.29 13:05:09',TIME_SECONDS));
Print((long)StringToTime("2024.02.29 13:05:09"));
MqlDateTime t;
TimeToStruct(D'2024.02.29',t);
Print(t.year,t.mon,t.day,t.day_of_week,t.day_of_year);
Print(StructToTime(t)==D'2024.02.29');
//> 2024.02.29 13:05:09
//> 86400
//> 1767225540
//> 2024.02.29 13:05
//> 13:05:09
//> 1709211909
//> 2024229459
//> true

//=== clocks
ulong before=GetTickCount64();
ulong us=GetMicrosecondCount();
Sleep(250);
Print(GetTickCount64()-before);
Print(GetMicrosecondCount()-us>=250000);
Print((long)TimeTradeServer()-(long)TimeGMT());
Print(TimeCurrent());
//> 250
//> true
//> 7200
//> 2025.01.06 12:00:00

//=== a dynamic array
int a[];
Print(ArraySize(a));
Print(ArrayResize(a,3));
ArrayFill(a,0,3,5);
Print(ArrayResize(a,4,100));
Print(a[2]);
Tell((string)ArrayResize(a,-1));
ArrayFree(a);
Print(ArraySize(a));
//> 0
//> 3
//> 4
//> 5
//> -1 4007
//> 0

//=== ArrayCopy
int a[]={1,2,3,4},b[];
Print(ArrayCopy(b,a));
Print(ArraySize(b));
Print(ArrayCopy(b,a,3,2,1));
Print(b[3]);
Print(ArrayCopy(b,a,6,0,2));
Print(ArraySize(b));
ArrayCopy(a,a,1,0,3);
Print(a[0],a[1],a[2],a[3]);
//> 4
//> 4
//> 1
//> 3
//> 2
//> 8
//> 1123

//=== a series
int a[],s[]={1,2,3};
Take(a,s);
Print(ArraySetAsSeries(a,true));
Print(a[0],a[2]);
Print(ArrayGetAsSeries(a));
int f[2];
Print(ArraySetAsSeries(f,true));
//> true
//> 31
//> true
//> false

//=== insert, remove, reverse, search
int a[],s[]={1,2,3,4},b[]={8,9};
Take(a,s);
ArrayInsert(a,b,1);
Print(ArraySize(a),a[1],a[2],a[3]);
ArrayRemove(a,1,2);
Print(ArraySize(a),a[1]);
ArrayReverse(a);
Print(a[0]);
ArraySort(a);
Print(a[0]);
Print(ArrayBsearch(a,3));
Print(ArrayMaximum(a));
Print(ArrayMinimum(a,1));
Print(ArrayCompare(a,b));
//> 6892
//> 42
//> 4
//> 1
//> 2
//> 3
//> 1
//> -1

//=== arrays as arguments
int a[],f[2]={4,5},m[2][3]={{1,2,3},{4,5,6}};
ArrayResize(a,3);
for(int i=0; i<3; i++) a[i]=i+1;
Print(Sum(a));
Print(Sum(f));
Print(Largest(a));
Twice(a);
Print(a[2]);
Print(Trace(m));
Print(ArrayRange(m,0),ArrayRange(m,1));
Print(m[1][2]);
//> 6
//> 9
//> 3
//> 6
//> 6
//> 23
//> 6

//=== structures are packed
Small s={1,2,3.0,4};
Print(sizeof(Small));
Print(sizeof(Outer));
uchar b[];
Print(StructToCharArray(s,b));
Print(ArraySize(b));
Print(b[0],b[1],b[13]);
Small t;
Print(CharArrayToStruct(t,b));
Print(t.four,t.eight,t.two);
Print(CharArrayToStruct(t,b,1));
ZeroMemory(t);
Print(t.two);
Print(sizeof(MqlTick),sizeof(MqlRates));
//> 15
//> 31
//> true
//> 15
//> 124
//> true
//> 23.04
//> false
//> 0
//> 6060

//=== StructToCharArray keeps what lies before
Small s={1,2,3.0,4};
uchar b[];
ArrayResize(b,2);
b[0]=9;
Print(StructToCharArray(s,b,2));
Print(ArraySize(b));
Print(b[0],b[2]);
//> true
//> 17
//> 91

//=== enumerations
Print(EnumToString(MOOD_NONE));
Print(EnumToString((ENUM_MOOD)7));
Print((int)MOOD_GOOD);
Print(EnumToString(PERIOD_H1));
Print((int)PERIOD_D1);
ENUM_MOOD mood=MOOD_BAD;
Print((int)mood);
//> MOOD_NONE
//> ENUM_MOOD::7
//> 1
//> PERIOD_H1
//> 16408
//> -1

//=== classes
CCounter c;
Print(c.Add());
Print(c.Add(CCounter::STEP_LARGE));
Print(c.NameOf(CCounter::STEP_LARGE));
CCounter d=c;
d.SetCell(0,1);
Print(c.Cell(0),d.Cell(0));
Print(CCounter::s_made);
//> 1
//> 11
//> STEP_LARGE
//> 71
//> 1

//=== whole numbers wrap and cut
int i=INT_MAX;
i++;
Print(i);
uchar u=(uchar)300;
Print(u);
char c=(char)200;
Print(c);
Print(7/2);
Print(-7/2);
Print(-7%3);
Print(1<<10);
Print((uint)-1>>28);
long l=INT_MAX;
l++;
Print(l);
Print(0xFF);
//> -2147483648
//> 44
//> -56
//> 3
//> -3
//> -1
//> 1024
//> 15
//> 2147483648
//> 255

//=== functions keep their statics and may come later
Calls();
Print(Calls());
Print(Later(20));
Print(SQUARE(3));
Print(GREETING);
Print(HAS_MQL5);
Print(C'1,2,3');
//> 2
//> 41
//> 9
//> hello // no comment
//> 1
//> 197121

//=== math
Print(MathRound(2.5),MathRound(-2.5));
Print(NormalizeDouble(1.2345678,5));
Print(MathMax(1,2.5));
Print(MathAbs(-3));
Print(MathMod(7.5,2.0));
Print(MathIsValidNumber(MathSqrt(-1.0)));
MathSrand(5);
int a=MathRand();
MathSrand(5);
Print(a==MathRand() && a>=0 && a<=32767);
//> 3.0-3.0
//> 1.23457
//> 2.5
//> 3
//> 1.5
//> false
//> true

//=== hashes
uchar d[],k[],r[];
StringToCharArray("abc",d,0,3);
Print(CryptEncode(CRYPT_HASH_SHA256,d,k,r));
string h="";
for(int i=0; i<ArraySize(r); i++) h+=StringFormat("%02x",r[i]);
Print(h);
CryptEncode(CRYPT_BASE64,d,k,r);
Print(CharArrayToString(r));
uchar back[];
CryptDecode(CRYPT_BASE64,r,k,back);
Print(CharArrayToString(back));
ResetLastError();
Print(CryptEncode(CRYPT_DES,d,k,r));
Print(GetLastError());
//> 32
//> ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
//> YWJj
//> abc
//> 0
//> 4006

//=== properties
Print(_Symbol," ",_Digits," ",_Point);
Print(SymbolInfoInteger("EURUSD",SYMBOL_DIGITS));
Print(SymbolInfoDouble(_Symbol,SYMBOL_BID));
Tell((string)SymbolInfoDouble("NOPE",SYMBOL_BID));
double value=0;
Print(SymbolInfoDouble("NOPE",SYMBOL_BID,value));
Print(AccountInfoInteger(ACCOUNT_LOGIN));
Print(AccountInfoDouble(ACCOUNT_BALANCE));
Print(AccountInfoString(ACCOUNT_CURRENCY));
Print(SymbolsTotal(true));
Print(SymbolName(1,true));
Print(TerminalInfoInteger(TERMINAL_CONNECTED));
Print(EnumToString(_Period));
//> EURUSD 5 1e-05
//> 5
//> 1.1
//> 0.0 4301
//> false
//> 5
//> 10000.0
//> USD
//> 2
//> USDJPY
//> 1
//> PERIOD_M1

//=== nothing is open
Print(PositionsTotal(),OrdersTotal());
Tell((string)PositionSelectByTicket(1));
Tell((string)HistoryDealGetInteger(1,DEAL_TYPE));
Print(HistorySelect(0,TimeCurrent()));
Print(HistoryDealsTotal());
ulong t=HistoryDealGetTicket(0);
Print(HistoryDealGetInteger(t,DEAL_TYPE)==DEAL_TYPE_BALANCE);
Print(HistoryDealGetDouble(t,DEAL_PROFIT));
//> 00
//> false 4753
//> 0 4755
//> true
//> 1
//> true
//> 10000.0

//=== global variables
Print(GlobalVariableCheck("a"));
GlobalVariableSet("a",1.5);
Print(GlobalVariableGet("a"));
Print(GlobalVariableSetOnCondition("a",2,1));
Print(GlobalVariableSetOnCondition("a",2,1.5));
Print(GlobalVariableGet("a"));
Print(GlobalVariablesTotal());
Print(GlobalVariableDel("a"));
Tell((string)GlobalVariableDel("a"));
//> false
//> 1.5
//> false
//> true
//> 2.0
//> 1
//> true
//> false 4501

//=== files
Print(FileIsExist("d\\x.bin"));
int f=FileOpen("d\\x.bin",FILE_READ|FILE_WRITE|FILE_BIN);
Small s={1,2,3.0,4};
Print(FileWriteStruct(f,s));
FileWriteLong(f,-5);
Print(FileSize(f));
Print(FileOpen("d\\x.bin",FILE_READ|FILE_BIN));
FileSeek(f,0,SEEK_SET);
Small t;
Print(FileReadStruct(f,t));
Print(t.eight);
Print(FileReadLong(f));
Print(FileIsEnding(f));
FileFlush(f);
FileClose(f);
f=FileOpen("d\\x.bin",FILE_WRITE|FILE_BIN);
Print(FileSize(f));
FileClose(f);
Print(FileMove("d\\x.bin",0,"y.bin",FILE_REWRITE));
Print(FileIsExist("y.bin"));
Print(FileDelete("y.bin"));
ResetLastError();
Tell((string)FileOpen("y.bin",FILE_READ|FILE_BIN));
Tell((string)FileOpen("..\\y.bin",FILE_WRITE|FILE_BIN));
//> false
//> 15
//> 23
//> -1
//> 15
//> 3.0
//> -5
//> true
//> 0
//> true
//> true
//> true
//> -1 5019
//> -1 5002

//=== files found
string found="",all="";
ResetLastError();
Tell((string)FileFindFirst("s\\*.bin",found));
string names[]={"b.bin","A.BIN","c.txt"};
for(int i=0; i<3; i++) FileClose(FileOpen("s\\"+names[i],FILE_WRITE|FILE_BIN));
long search=FileFindFirst("s\\*.bin",found);
for(bool more=(search!=INVALID_HANDLE); more; more=FileFindNext(search,found)) all+=found+" ";
Print(all);
FileFindClose(search);
search=FileFindFirst("s\\*",found);
Print(found);
Print(FileFindNext(search,found));
Print(found);
FileFindClose(search);
Print(FileFindNext(search,found));
//> -1 5019
//> A.BIN b.bin 
//> A.BIN
//> true
//> b.bin
//> false

//=== text files
int f=FileOpen("t.csv",FILE_WRITE|FILE_CSV|FILE_ANSI,';',CP_UTF8);
FileWrite(f,"ä",1,2.5);
FileWrite(f,"b");
FileClose(f);
f=FileOpen("t.csv",FILE_READ|FILE_CSV|FILE_ANSI,';',CP_UTF8);
string a=FileReadString(f);
for(int i=0; i<3; i++) a+="|"+FileReadString(f);
Print(a);
Print(FileIsEnding(f));
FileClose(f);
//> ä|1|2.5|b
//> true

//=== arrays in files
int a[]={1,2,3},b[];
int f=FileOpen("a.bin",FILE_READ|FILE_WRITE|FILE_BIN);
Print(FileWriteArray(f,a,1));
FileSeek(f,0,SEEK_SET);
Print(FileReadArray(f,b));
Print(b[0],b[1]);
FileClose(f);
Tell((string)FileReadLong(f));
//> 2
//> 2
//> 23
//> 0 5008

//=== money
double m=0;
Print(OrderCalcMargin(ORDER_TYPE_BUY,_Symbol,1.0,1.1,m));
Print(m);
Print(OrderCalcProfit(ORDER_TYPE_SELL,_Symbol,1.0,1.1,1.099,m));
Print(m);
Print(OrderCalcMargin(ORDER_TYPE_BUY,"NOPE",1.0,1.1,m));
//> true
//> 220.0
//> true
//> 100.0
//> false

//=== quotes before the first tick
MqlTick t;
Print(SymbolInfoTick(_Symbol,t));
Print(t.bid,t.time_msc);
MqlTick a[];
Print(CopyTicks(_Symbol,a,COPY_TICKS_ALL,1,10));
MqlRates r[];
Print(CopyRates(_Symbol,PERIOD_M1,0,2,r));
Print(SymbolInfoTick("USDJPY",t));
ResetLastError();
Tell((string)CopyTicks("NOPE",a));
//> true
//> 1.11736164800000
//> 0
//> 2
//> false
//> -1 4301
