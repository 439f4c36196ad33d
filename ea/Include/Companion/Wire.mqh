//+------------------------------------------------------------------+
//| The wire between the EA and the bridge. Generated: do not edit.  |
//| Declared in wire/, written by scripts/generate-wire-header.      |
//+------------------------------------------------------------------+

#ifndef COMPANION_WIRE_MQH
#define COMPANION_WIRE_MQH

#define WIRE_MAGIC 0x4D43
#define WIRE_VERSION 1
#define WIRE_NO_GATE 0xFFFF
#define WIRE_NONCE_BYTES 16
#define WIRE_PROOF_BYTES 32
#define WIRE_SYMBOL_BYTES 32
#define WIRE_TEXT_BYTES 64
#define WIRE_MAX_TIMEFRAMES 8
#define WIRE_MAX_ITEMS 65535
#define WIRE_HANDSHAKE_FRAME_BYTES 4096
#define WIRE_LABEL_BRIDGE "companion bridge"
#define WIRE_LABEL_TERMINAL "companion terminal"

#define WIRE_FLAG_WANTS_DECISION 1
#define WIRE_FLAG_READY 2
#define WIRE_FLAG_SNAPSHOT_WANTED 4
#define WIRE_FLAG_TRADE_ALLOWED 8
#define WIRE_FLAG_CONNECTED 16

enum ENUM_WIRE_MESSAGE
  {
   WIRE_MESSAGE_HELLO=1,
   WIRE_MESSAGE_CHALLENGE=2,
   WIRE_MESSAGE_AUTH=3,
   WIRE_MESSAGE_WELCOME=4,
   WIRE_MESSAGE_SYMBOLS=5,
   WIRE_MESSAGE_HISTORY=6,
   WIRE_MESSAGE_TICKS=7,
   WIRE_MESSAGE_ASK=8,
   WIRE_MESSAGE_DECISION=9,
   WIRE_MESSAGE_INTENT=10,
   WIRE_MESSAGE_REPORT=11,
   WIRE_MESSAGE_SNAPSHOT=12,
   WIRE_MESSAGE_CALENDAR=13,
   WIRE_MESSAGE_HEARTBEAT=14,
   WIRE_MESSAGE_ERROR=15,
   WIRE_MESSAGE_BYE=16
  };

enum ENUM_WIRE_ERROR
  {
   WIRE_ERROR_BAD_SECRET=1,
   WIRE_ERROR_BAD_VERSION=2,
   WIRE_ERROR_DUPLICATE_LOGIN=3,
   WIRE_ERROR_BAD_FRAME=4,
   WIRE_ERROR_TOO_LARGE=5,
   WIRE_ERROR_TOO_FAST=6,
   WIRE_ERROR_OUT_OF_SEQUENCE=7,
   WIRE_ERROR_UNKNOWN_SYMBOL=8,
   WIRE_ERROR_NOT_READY=9,
   WIRE_ERROR_UNEXPECTED=10,
   WIRE_ERROR_SILENT=11,
   WIRE_ERROR_REFUSED=12,
   WIRE_ERROR_INTERNAL=13
  };

enum ENUM_WIRE_BYE
  {
   WIRE_BYE_STOPPING=1,
   WIRE_BYE_RESTARTING=2,
   WIRE_BYE_REMOVED=3
  };

enum ENUM_WIRE_INTENT
  {
   WIRE_INTENT_OPEN=1,
   WIRE_INTENT_CLOSE=2,
   WIRE_INTENT_PARTIAL_CLOSE=3,
   WIRE_INTENT_MODIFY=4,
   WIRE_INTENT_CANCEL=5
  };

enum ENUM_WIRE_PHASE
  {
   WIRE_PHASE_RECEIVED=1,
   WIRE_PHASE_EXECUTING=2,
   WIRE_PHASE_FINAL=3
  };

// Begins every frame. `items` follow the body; `ack` is the last `seq` heard from the peer; `time_ns`
// is the sender's UTC clock, for people only. 32 bytes.
struct WireHeader pack(1)
  {
   ushort magic;                        //    0
   uchar  version;                      //    2
   uchar  type;                         //    3
   ushort flags;                        //    4
   ushort items;                        //    6
   uint   seq;                          //    8
   uint   ack;                          //   12
   uint   session;                      //   16
   uint   reserved;                     //   20
   long   time_ns;                      //   24
  };

// Terminal: who I am. `terminal_id` is random and kept on the terminal's disk. 198 bytes.
struct WireHello pack(1)
  {
   uchar  version_min;                  //    0
   uchar  version_max;                  //    1
   uchar  margin_mode;                  //    2  MarginMode
   uchar  trade_mode;                   //    3  AccountTradeMode
   uchar  trade_allowed;                //    4  0 or 1
   uchar  currency_digits;              //    5
   uint   ea_build;                     //    6
   uint   terminal_build;               //   10
   uint   leverage;                     //   14
   int    server_offset_s;              //   18  broker's clock minus UTC [s], -86400 to 86400
   long   login;                        //   22
   long   magic;                        //   30
   ulong  terminal_id;                  //   38
   uchar  client_nonce[16];             //   46  random bytes
   uchar  server[64];                   //   62  printable UTF-8
   uchar  company[64];                  //  126  UTF-8, cut to fit
   uchar  currency[8];                  //  190  printable UTF-8
  };

// Bridge: the version we speak, and proof that I know the secret. `proof` = HMAC-SHA256(secret,
// WireBridgeProof). 49 bytes.
struct WireChallenge pack(1)
  {
   uchar  version;                      //    0
   uchar  bridge_nonce[16];             //    1  random bytes
   uchar  proof[32];                    //   17  HMAC-SHA256
  };

// Terminal: proof that I know the secret. `proof` = HMAC-SHA256(secret, WireTerminalProof). 32 bytes.
struct WireAuth pack(1)
  {
   uchar  proof[32];                    //    0  HMAC-SHA256
  };

// Bridge: you are in; from now on headers carry `session`. The first SNAPSHOT brings the deals after
// the watermark. 80 bytes.
struct WireWelcome pack(1)
  {
   uint   session;                      //    0  number of this session, 1 to 4294967295
   uint   heartbeat_ms;                 //    4  a HEARTBEAT at least this often, 10 to 60000
   uint   silence_ms;                   //    8  a peer not heard for this long is gone, 20 to 600000
   uint   max_frame_bytes;              //   12  longest frame either side may send, 4096 to 268435456
   uint   max_ticks;                    //   16  most ticks in one TICKS, 1 to 65535
   uint   frames_per_second;            //   20  sustained rate either side may send at, 10 to 10000000
   uint   decision_wait_ms;             //   24  how long to wait for a DECISION before going on, 0 to 60000
   uint   history_bars;                 //   28  bars wanted for each symbol and timeframe, 0 to 10000000
   long   deal_watermark_msc;           //   32  broker's clock [ms], 0 to 4102444800000
   ulong  deal_watermark_ticket;        //   40  ticket, 0 none
   int    timeframes[8];                //   48  MT5 timeframe codes, then zeros
  };

// Terminal: bars, oldest first, the last one closed; parts of one answer count from 1. Items:
// MqlRates. Bridge: `parts` 0 asks for the last `bars` bars. 14 bytes.
struct WireHistory pack(1)
  {
   ushort symbol_index;                 //    0
   ushort part;                         //    2
   ushort parts;                        //    4
   int    timeframe;                    //    6  Timeframe
   uint   bars;                         //   10
  };

// Terminal: every tick since the last batch of this symbol, and the account at the last of them.
// Items: MqlTick. 42 bytes.
struct WireTicks pack(1)
  {
   ushort symbol_index;                 //    0
   int    server_offset_s;              //    2  broker's clock minus UTC [s], -86400 to 86400
   uint   batch;                        //    6
   double balance;                      //   10  account currency, finite
   double equity;                       //   18  account currency, finite
   double margin;                       //   26  account currency, finite
   double margin_free;                  //   34  account currency, finite
  };

// Terminal: what do you say now? As WireTicks, without ticks. 42 bytes.
struct WireAsk pack(1)
  {
   ushort symbol_index;                 //    0
   int    server_offset_s;              //    2  broker's clock minus UTC [s], -86400 to 86400
   uint   batch;                        //    6
   double balance;                      //   10  account currency, finite
   double equity;                       //   18  account currency, finite
   double margin;                       //   26  account currency, finite
   double margin_free;                  //   34  account currency, finite
  };

// Bridge: the answer to batch `batch`. `intents_following` INTENT frames come right behind.
// `timeframe` 0: none. 97 bytes.
struct WireDecision pack(1)
  {
   double score;                        //    0  confluence, -1000000.0 to 1000000.0
   long   decided_ns;                   //    8  UTC [ns], 0 to 4102444800000000000
   uint   batch;                        //   16
   int    timeframe;                    //   20  Timeframe or 0
   ushort symbol_index;                 //   24
   ushort intents_following;            //   26
   ushort first_refusing_gate;          //   28
   uchar  action;                       //   30
   uchar  gates_passed;                 //   31
   uchar  gates_refused;                //   32
   uchar  text[64];                     //   33  UTF-8, cut to fit
  };

// Bridge: do this, once. Refuse it when the server's clock has passed `expires_ns` or `intent_id` is
// known. The five distances are for a silent bridge: how to move the stop of the position. Its last
// OPEN or MODIFY holds. 168 bytes.
struct WireIntent pack(1)
  {
   ulong  intent_id;                    //    0
   ulong  signal_id;                    //    8
   ulong  position_ticket;              //   16  ticket, 0 none
   ulong  order_ticket;                 //   24  ticket, 0 none
   long   magic;                        //   32
   long   decided_ns;                   //   40  UTC [ns], 0 to 4102444800000000000
   long   expires_ns;                   //   48  UTC [ns], 0 to 4102444800000000000
   double volume;                       //   56  lots, 0.0 to 1000000000000.0
   double price;                        //   64  price, 0.0 to 1000000000000.0
   double sl;                           //   72  price, 0.0 to 1000000000000.0
   double tp;                           //   80  price, 0.0 to 1000000000000.0
   double break_even_gain;              //   88  price distance, 0.0 to 1000000000000.0
   double break_even_offset;            //   96  price distance, 0.0 to 1000000000000.0
   double trailing_gain;                //  104  price distance, 0.0 to 1000000000000.0
   double trailing_distance;            //  112  price distance, 0.0 to 1000000000000.0
   double trailing_step;                //  120  price distance, 0.0 to 1000000000000.0
   uint   deviation_points;             //  128
   ushort symbol_index;                 //  132
   uchar  kind;                         //  134  IntentKind
   char   side;                         //  135  +1 buy, -1 sell, 0 none, -1 to 1
   uchar  comment[32];                  //  136  printable UTF-8
  };

// Terminal: what changed. Items in this order: WireResult, WireDeal, WirePosition, WireGone
// (positions), WireOrder, WireGone (orders). 52 bytes.
struct WireReport pack(1)
  {
   long   time_msc;                     //    0  broker's clock [ms], 0 to 4102444800000
   double balance;                      //    8  account currency, finite
   double equity;                       //   16  account currency, finite
   double margin;                       //   24  account currency, finite
   double margin_free;                  //   32  account currency, finite
   ushort results;                      //   40
   ushort deals;                        //   42
   ushort positions;                    //   44
   ushort positions_gone;               //   46
   ushort orders;                       //   48
   ushort orders_gone;                  //   50
  };

// Terminal: everything there is; parts count from 1. Items in this order: WireResult, WireDeal,
// WirePosition, WireOrder. 148 bytes.
struct WireSnapshot pack(1)
  {
   long   login;                        //    0
   double balance;                      //    8  account currency, finite
   double credit;                       //   16  account currency, finite
   double equity;                       //   24  account currency, finite
   double margin;                       //   32  account currency, finite
   double margin_free;                  //   40  account currency, finite
   long   time_msc;                     //   48  broker's clock [ms], 0 to 4102444800000
   uint   leverage;                     //   56
   ushort results;                      //   60
   ushort deals;                        //   62
   ushort positions;                    //   64
   ushort orders;                       //   66
   ushort part;                         //   68
   ushort parts;                        //   70
   uchar  margin_mode;                  //   72  MarginMode
   uchar  trade_mode;                   //   73  AccountTradeMode
   uchar  trade_allowed;                //   74  0 or 1
   uchar  currency_digits;              //   75
   uchar  server[64];                   //   76  printable UTF-8
   uchar  currency[8];                  //  140  printable UTF-8
  };

// Terminal: values of MT5's calendar, in the server's time with today's offset. Items:
// WireCalendarValue. 16 bytes.
struct WireCalendar pack(1)
  {
   long   server_time_s;                //    0  broker's clock [s], 0 to 4102444800
   ulong  change_id;                    //    8
  };

// Either side: I am here. `server_time_s` is TimeTradeServer(), `utc_s` TimeGMT(). The bridge sends
// zeros. 64 bytes.
struct WireHeartbeat pack(1)
  {
   long   server_time_s;                //    0  broker's clock [s], 0 to 4102444800
   long   utc_s;                        //    8  UTC [s], 0 to 4102444800
   double balance;                      //   16  account currency, finite
   double equity;                       //   24  account currency, finite
   double margin;                       //   32  account currency, finite
   double margin_free;                  //   40  account currency, finite
   ulong  ticks_sent;                   //   48
   int    server_offset_s;              //   56  broker's clock minus UTC [s], -86400 to 86400
   uint   ping_ms;                      //   60
  };

// Either side: `ref_seq` of yours was refused. After a fatal one the session is over. 135 bytes.
struct WireError pack(1)
  {
   ushort code;                         //    0  ErrorCode
   uchar  fatal;                        //    2  0 or 1
   uint   ref_seq;                      //    3
   uchar  text[128];                    //    7  UTF-8, cut to fit
  };

// Either side: I leave; nothing follows. 66 bytes.
struct WireBye pack(1)
  {
   ushort reason;                       //    0  ByeReason
   uchar  text[64];                     //    2  UTF-8, cut to fit
  };

// One symbol's specification, as `SymbolInfo*` gives it. 335 bytes.
struct WireSymbol pack(1)
  {
   uchar  name[32];                     //    0  printable UTF-8
   uchar  currency_base[8];             //   32  printable UTF-8
   uchar  currency_profit[8];           //   40  printable UTF-8
   uchar  currency_margin[8];           //   48  printable UTF-8
   double point;                        //   56  finite
   double tick_size;                    //   64  finite
   double tick_value;                   //   72  finite
   double tick_value_profit;            //   80  finite
   double tick_value_loss;              //   88  finite
   double contract_size;                //   96  finite
   double volume_min;                   //  104  lots, 0.0 to 1000000000000.0
   double volume_max;                   //  112  lots, 0.0 to 1000000000000.0
   double volume_step;                  //  120  lots, 0.0 to 1000000000000.0
   double volume_limit;                 //  128  lots, 0.0 to 1000000000000.0
   double swap_long;                    //  136  finite
   double swap_short;                   //  144  finite
   double margin_initial;               //  152  finite
   double margin_maintenance;           //  160  finite
   double margin_hedged;                //  168  finite
   double margin_rate_buy;              //  176  finite
   double margin_rate_sell;             //  184  finite
   uint   stops_level_points;           //  192
   uint   freeze_level_points;          //  196
   uchar  digits;                       //  200
   uchar  calc_mode;                    //  201  CalcMode
   uchar  trade_mode;                   //  202  SymbolTradeMode
   uchar  execution_mode;               //  203  ExecutionMode
   uchar  filling_flags;                //  204  FillingFlag
   uchar  swap_mode;                    //  205  SwapMode
   uchar  swap_rollover3days;           //  206  weekday of the triple swap, 0 Sunday, 0 to 6
   uint   sessions[32];                 //  207  start, end, start, end, ... [s of the week]
  };

// What became of an intent, in REPORT and SNAPSHOT. 125 bytes.
struct WireResult pack(1)
  {
   ulong  intent_id;                    //    0
   ulong  order_ticket;                 //    8  ticket, 0 none
   ulong  deal_ticket;                  //   16  ticket, 0 none
   ulong  position_ticket;              //   24  ticket, 0 none
   double volume;                       //   32  lots, 0.0 to 1000000000000.0
   double price;                        //   40  price, 0.0 to 1000000000000.0
   long   time_msc;                     //   48  broker's clock [ms], 0 to 4102444800000
   uint   retcode;                      //   56
   uchar  phase;                        //   60  ResultPhase
   uchar  text[64];                     //   61  UTF-8, cut to fit
  };

// One execution. `symbol` is empty for balance operations. 155 bytes.
struct WireDeal pack(1)
  {
   ulong  deal_ticket;                  //    0  ticket, 0 none
   ulong  order_ticket;                 //    8  ticket, 0 none
   ulong  position_id;                  //   16  ticket, 0 none
   long   magic;                        //   24
   long   time_msc;                     //   32  broker's clock [ms], 0 to 4102444800000
   double volume;                       //   40  lots, 0.0 to 1000000000000.0
   double price;                        //   48  price, 0.0 to 1000000000000.0
   double profit;                       //   56  account currency, finite
   double swap;                         //   64  account currency, finite
   double commission;                   //   72  account currency, finite
   double fee;                          //   80  account currency, finite
   uchar  type;                         //   88  DealType
   uchar  entry;                        //   89  DealEntry
   uchar  reason;                       //   90  DealReason
   uchar  symbol[32];                   //   91  printable UTF-8
   uchar  comment[32];                  //  123  UTF-8, cut to fit
  };

// One open position. 153 bytes.
struct WirePosition pack(1)
  {
   ulong  position_ticket;              //    0  ticket, 0 none
   ulong  position_id;                  //    8  ticket, 0 none
   long   magic;                        //   16
   long   time_msc;                     //   24  broker's clock [ms], 0 to 4102444800000
   long   time_update_msc;              //   32  broker's clock [ms], 0 to 4102444800000
   double volume;                       //   40  lots, 0.0 to 1000000000000.0
   double price_open;                   //   48  price, 0.0 to 1000000000000.0
   double sl;                           //   56  price, 0.0 to 1000000000000.0
   double tp;                           //   64  price, 0.0 to 1000000000000.0
   double swap;                         //   72  account currency, finite
   double profit;                       //   80  account currency, finite
   uchar  type;                         //   88  PositionType
   uchar  symbol[32];                   //   89  printable UTF-8
   uchar  comment[32];                  //  121  UTF-8, cut to fit
  };

// One order that is still in the market. 146 bytes.
struct WireOrder pack(1)
  {
   ulong  order_ticket;                 //    0  ticket, 0 none
   ulong  position_id;                  //    8  ticket, 0 none
   long   magic;                        //   16
   long   time_setup_msc;               //   24  broker's clock [ms], 0 to 4102444800000
   long   time_expiration_s;            //   32  broker's clock [s], 0 to 4102444800
   double volume_initial;               //   40  lots, 0.0 to 1000000000000.0
   double volume_current;               //   48  lots, 0.0 to 1000000000000.0
   double price_open;                   //   56  price, 0.0 to 1000000000000.0
   double sl;                           //   64  price, 0.0 to 1000000000000.0
   double tp;                           //   72  price, 0.0 to 1000000000000.0
   uchar  type;                         //   80  OrderType
   uchar  state;                        //   81  OrderState
   uchar  symbol[32];                   //   82  printable UTF-8
   uchar  comment[32];                  //  114  UTF-8, cut to fit
  };

// A position or order that exists no more. 8 bytes.
struct WireGone pack(1)
  {
   ulong  ticket;                       //    0  ticket, 0 none
  };

// One `MqlCalendarValue` with what its event and country say. Enumerations have MT5's numbers. 152
// bytes.
struct WireCalendarValue pack(1)
  {
   ulong  value_id;                     //    0
   ulong  event_id;                     //    8
   long   time_s;                       //   16  broker's clock [s], 0 to 4102444800
   long   period_s;                     //   24
   long   actual;                       //   32  value x 1e6, LONG_MIN when missing
   long   forecast;                     //   40  value x 1e6, LONG_MIN when missing
   long   previous;                     //   48  value x 1e6, LONG_MIN when missing
   long   revised;                      //   56  value x 1e6, LONG_MIN when missing
   int    revision;                     //   64
   uchar  importance;                   //   68
   uchar  impact;                       //   69
   uchar  time_mode;                    //   70
   uchar  event_type;                   //   71
   uchar  sector;                       //   72
   uchar  unit;                         //   73
   uchar  multiplier;                   //   74
   uchar  digits;                       //   75
   uchar  country[4];                   //   76  printable UTF-8
   uchar  currency[8];                  //   80  printable UTF-8
   uchar  name[64];                     //   88  UTF-8, cut to fit
  };

// What the bridge signs (never sent itself). `label` is "companion bridge". 123 bytes.
struct WireBridgeProof pack(1)
  {
   uchar  label[18];                    //    0  printable UTF-8
   uchar  version;                      //   18
   uchar  client_nonce[16];             //   19  random bytes
   uchar  bridge_nonce[16];             //   35  random bytes
   long   login;                        //   51
   uchar  server[64];                   //   59  printable UTF-8
  };

// What the terminal signs (never sent itself). `label` is "companion terminal". 132 bytes.
struct WireTerminalProof pack(1)
  {
   uchar  label[18];                    //    0  printable UTF-8
   uchar  version;                      //   18
   uchar  client_nonce[16];             //   19  random bytes
   uchar  bridge_nonce[16];             //   35  random bytes
   long   login;                        //   51
   uchar  server[64];                   //   59  printable UTF-8
   ulong  terminal_id;                  //  123
   uchar  trade_mode;                   //  131  AccountTradeMode
  };

// Whether this compiler lays the structures out as the bridge does.
bool WireSizesOk()
  {
   return sizeof(MqlTick)==60
          && sizeof(MqlRates)==60
          && sizeof(WireHeader)==32
          && sizeof(WireHello)==198
          && sizeof(WireChallenge)==49
          && sizeof(WireAuth)==32
          && sizeof(WireWelcome)==80
          && sizeof(WireHistory)==14
          && sizeof(WireTicks)==42
          && sizeof(WireAsk)==42
          && sizeof(WireDecision)==97
          && sizeof(WireIntent)==168
          && sizeof(WireReport)==52
          && sizeof(WireSnapshot)==148
          && sizeof(WireCalendar)==16
          && sizeof(WireHeartbeat)==64
          && sizeof(WireError)==135
          && sizeof(WireBye)==66
          && sizeof(WireSymbol)==335
          && sizeof(WireResult)==125
          && sizeof(WireDeal)==155
          && sizeof(WirePosition)==153
          && sizeof(WireOrder)==146
          && sizeof(WireGone)==8
          && sizeof(WireCalendarValue)==152
          && sizeof(WireBridgeProof)==123
          && sizeof(WireTerminalProof)==132;
  }

#endif
