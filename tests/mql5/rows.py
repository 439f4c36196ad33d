"""For each rule a line that breaks it and the same line as it should be."""

from typing import NamedTuple


class Row(NamedTuple):
    name: str
    rule: str
    wrong: str
    right: str


def _in_handler(name: str, rule: str, wrong: str, right: str) -> Row:
    return Row(name, rule, f"void OnTick(void) {{ {wrong} }}", f"void OnTick(void) {{ {right} }}")


_REQUEST = "MqlTradeRequest q; MqlTradeResult r; ZeroMemory(q); ZeroMemory(r); "

ROWS = (
    Row("broken text", "syntax", "void OnTick(void) { int x=; }", "void OnTick(void) { int x=1; Print(x); }"),
    Row("brace missing", "syntax", "void OnTick(void) { if(true) { Print(1); }", "void OnTick(void) { Print(1); }"),
    Row("library", "import", '#import "a.dll"\nint F(int x);\n#import\n', "int F(int x) { return(x); }"),
    Row(
        "nested too deep",
        "nesting",
        "int g_a=" + "(" * 600 + "1" + ")" * 600 + ";",
        "int g_a=" + "(" * 40 + "1" + ")" * 40 + ";",
    ),
    Row(
        "array of values by name",
        "designated-init",
        "struct S { int a; }; S g_s={.a=1};",
        "struct S { int a; }; S g_s={1};",
    ),
    _in_handler("several names at once", "structured-binding", "auto [a,b]=F();", "int a=F(),b=a; Print(b);"),
    Row("attribute", "attribute", "[[nodiscard]] int F(void) { return(1); }", "int F(void) { return(1); }"),
    Row("other word", "foreign-word", "namespace a { int x; }", "int x;"),
    Row("forwarded", "rvalue-reference", "void F(int &&x) { Print(x); }", "void F(int &x) { Print(x); }"),
    Row("address", "address", "int g_a; void F(void) { G(&g_a); }", "int g_a; void F(void) { G(g_a); }"),
    Row(
        "handle of an object",
        "address",
        "void F(CList &list) { G(GetPointer(list)); }",
        "void F(CList &list) { G(list); }",
    ),
    Row(
        "object on the heap",
        "new-delete",
        "void F(void) { m_list=new CList; }",
        "void F(void) { CList list; G(list); }",
    ),
    Row("letter case of a handler", "event-name", "void Ontimer(void) { }", "void OnTimer(void) { }"),
    Row(
        "book handler",
        "event-signature",
        "void OnBookEvent(string symbol) { }",
        "void OnBookEvent(const string &symbol) { }",
    ),
    Row(
        "chart handler",
        "event-signature",
        "void OnChartEvent(const int id,const long lparam,const double dparam,const string sparam) { }",
        "void OnChartEvent(const int id,const long &lparam,const double &dparam,const string &sparam) { }",
    ),
    Row("start of an expert", "event-signature", "bool OnInit(void) { return(true); }", "int OnInit() { return(0); }"),
    Row(
        "method named as a handler",
        "event-signature",
        "void OnTimer(int x) { }",
        "class CApp { public: void OnTimer(int x) { Print(x); } };",
    ),
    Row(
        "method named as a function",
        "built-in-redefined",
        "bool OrderSend(int x) { return(x>0); }",
        "class CApp { public: bool OrderSend(int x) { return(x>0); } };",
    ),
    Row(
        "interface",
        "struct-virtual",
        "struct S { virtual void F(void) { } };",
        "interface S { virtual void F(void); };",
    ),
    Row("pure virtual method", "member-value", "class C { int m_a=0; };", "class C { virtual int A(void)=0; };"),
    Row("input array", "input-type", "input int InpA[2]={1,2};", "input int InpA=1; int g_a[2]={1,2};"),
    Row(
        "input counted up",
        "input-assigned",
        "input int InpA=1; void OnTick(void) { InpA++; }",
        "input int InpA=1; int g_a=0; void OnTick(void) { g_a++; }",
    ),
    Row(
        "global in a guard hidden",
        "hides-global",
        "#ifndef A\n#define A\nint g_a;\nvoid F(void) { int g_a=1; Print(g_a); }\n#endif\n",
        "#ifndef A\n#define A\nint g_a;\nvoid F(void) { int a=1; Print(a); }\n#endif\n",
    ),
    Row(
        "prototype is no variable",
        "hides-global",
        "int Lots; void F(void) { int Lots=1; G(Lots); }",
        "int Lots(int x); void F(void) { int Lots=1; G(Lots); }",
    ),
    _in_handler(
        "inner variable",
        "hides-local",
        "int a=1; if(a>0) { int a=2; Print(a); }",
        "int a=1; if(a>0) { int b=2; Print(b); }",
    ),
    _in_handler(
        "two loops",
        "hides-local",
        "for(int i=0; i<2; i++) { for(int i=0; i<2; i++) Print(i); }",
        "for(int i=0; i<2; i++) Print(i); for(int i=0; i<2; i++) Print(i);",
    ),
    Row("nothing returned", "no-return", "int F(void) { Print(1); }", "int F(void) { Print(1); return(1); }"),
    _in_handler("negative index", "index", "int a[2]; a[-1]=0;", "int a[2]; a[1]=0;"),
    _in_handler("remainder", "zero-divide", "int a=5; a%=0;", "int a=5; a%=2;"),
    _in_handler("long loop", "empty-body", "while(F());", "while(F()) { }"),
    _in_handler("read first", "first-value", "int a; Print(a+1);", "int a; a=1; Print(a+1);"),
    _in_handler("added to first", "first-value", "int a; a+=1;", "int a=0; a+=1;"),
    _in_handler(
        "set on one way", "first-value", "int a; if(F()) a=1; Print(a);", "int a; if(F()) a=1; else a=2; Print(a);"
    ),
    _in_handler(
        "set by a call", "first-value", "double a; if(a>0) G(a);", "double a,b; if(!F(a,b)) return; Print(a,b);"
    ),
    _in_handler(
        "set in a switch",
        "first-value",
        "int a; switch(a) { case 1: break; }",
        "int a; switch(F()) { case 1: a=1; break; default: a=2; } Print(a);",
    ),
    _in_handler("static", "first-value", "int a; a++;", "static int a; a++;"),
    _in_handler("macro as statement", "no-effect", "g_a;", "TRACE_HERE;"),
    _in_handler(
        "sent and forgotten",
        "unchecked",
        _REQUEST + "bool ok=OrderSend(q,r);",
        _REQUEST + "bool ok=OrderSend(q,r); Print(ok);",
    ),
    _in_handler(
        "sent later",
        "unchecked",
        _REQUEST + "OrderSendAsync(q,r);",
        _REQUEST + "if(!OrderSendAsync(q,r)) Print(GetLastError());",
    ),
    _in_handler("cast away", "unchecked", "(void)FileSeek(f,0,SEEK_SET);", "if(!FileSeek(f,0,SEEK_SET)) return;"),
    _in_handler(
        "global function", "unchecked", "::SocketConnect(s,h,p,500);", "if(!::SocketConnect(s,h,p,500)) return;"
    ),
    _in_handler("method of that name", "unchecked", "SymbolSelect(s,true);", "g_symbols.SymbolSelect(s,true);"),
    _in_handler("bytes sent", "unchecked", "SocketSend(s,b,n);", "if(SocketSend(s,b,n)!=n) Fail();"),
    _in_handler("timer", "unchecked", "EventSetMillisecondTimer(20);", "if(!EventSetMillisecondTimer(20)) Fail();"),
    _in_handler(
        "digest",
        "unchecked",
        "CryptEncode(CRYPT_HASH_SHA256,a,k,d);",
        "if(CryptEncode(CRYPT_HASH_SHA256,a,k,d)!=32) Fail();",
    ),
    _in_handler(
        "read for two minutes",
        "no-timeout",
        "int n=SocketRead(s,b,4,0); Print(n);",
        "int n=SocketRead(s,b,4,20); Print(n);",
    ),
    _in_handler(
        "zero by cast",
        "no-timeout",
        "int n=SocketRead(s,b,4,(uint)0); Print(n);",
        "int n=SocketRead(s,b,4,(uint)7); Print(n);",
    ),
    Row(
        "zero by macro",
        "no-timeout",
        "#define WAIT 0\nint F(void) { return(SocketRead(s,b,4,WAIT)); }",
        "#define WAIT 9\nint F(void) { return(SocketRead(s,b,4,WAIT)); }",
    ),
    Row(
        "zero by constant",
        "no-timeout",
        "const uint WAIT=0;\nint F(void) { return(SocketRead(s,b,4,WAIT)); }",
        "const uint WAIT=9;\nint F(void) { return(SocketRead(s,b,4,WAIT)); }",
    ),
    _in_handler(
        "text in the machine's code page",
        "code-page",
        "StringToCharArray(t,b,0,4);",
        "StringToCharArray(t,b,0,4,CP_UTF8);",
    ),
    _in_handler(
        "bytes in another code page",
        "code-page",
        "Print(CharArrayToString(b,0,4,CP_ACP));",
        "Print(CharArrayToString(b,0,4,CP_UTF8));",
    ),
    _in_handler(
        "text with its zero",
        "text-length",
        "StringToCharArray(t,b,0,-1,CP_UTF8);",
        "StringToCharArray(t,b,0,n,CP_UTF8);",
    ),
    _in_handler(
        "number of bytes unused",
        "text-length",
        "StringToCharArray(t,b,0,WHOLE_ARRAY,CP_UTF8);",
        "int n=StringToCharArray(t,b,0,WHOLE_ARRAY,CP_UTF8)-1; Print(n);",
    ),
    _in_handler(
        "bytes to the end",
        "text-length",
        "Print(CharArrayToString(b,0,WHOLE_ARRAY,CP_UTF8));",
        "Print(CharArrayToString(b,0,n,CP_UTF8));",
    ),
    _in_handler(
        "request by list", "request-list", "MqlTradeRequest q={0}; ZeroMemory(q);", "MqlTradeRequest q; ZeroMemory(q);"
    ),
    _in_handler(
        "request by empty list",
        "request-list",
        "MqlTradeRequest q={}; ZeroMemory(q);",
        "MqlTradeRequest q; ZeroMemory(q);",
    ),
    _in_handler(
        "request as it was",
        "request-zero",
        "MqlTradeRequest q; q.volume=1;",
        "MqlTradeRequest q; ZeroMemory(q); q.volume=1;",
    ),
    _in_handler(
        "one of two zeroed",
        "request-zero",
        "MqlTradeRequest a,b; ZeroMemory(a);",
        "MqlTradeRequest a,b; ZeroMemory(a); ZeroMemory(b);",
    ),
    Row("sleep in a handler", "sleep", "void OnTimer(void) { Sleep(10); }", "void OnStart(void) { Sleep(10); }"),
    Row("sleep further in", "sleep", "void Wait(void) { Sleep(10); }", "class C { void Sleep(int ms) { m_ms=ms; } };"),
    _in_handler("comment of 28", "order-comment", f'q.comment="{"x" * 28}";', f'q.comment="{"x" * 27}";'),
    _in_handler("comment in another script", "order-comment", 'q.comment="Größe";', 'q.comment="Size";'),
    _in_handler("text of another field", "order-comment", f'm_q.comment="{"x" * 40}";', f'm_q.words="{"x" * 40}";'),
)
