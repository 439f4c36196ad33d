// SHA-256, HMAC of it (RFC 2104), and bytes that nobody can foresee.
#define HASH_BYTES 32
#define HASH_BLOCK 64

class CHash {
public:
   static bool       Sha256(const uchar &data[],uchar &digest[]) {
      uchar no_key[];
      return(CryptEncode(CRYPT_HASH_SHA256,data,no_key,digest)==HASH_BYTES);
   }

   static bool       Hmac(const string secret,const uchar &message[],uchar &digest[]) {
      uchar key[],inner[],outer[],hashed[];
      if(!KeyOf(secret,key))
         return(false);
      ArrayResize(inner,HASH_BLOCK);
      ArrayResize(outer,HASH_BLOCK);
      for(int i=0; i<HASH_BLOCK; i++) {
         int part=(i<ArraySize(key)) ? key[i] : 0;
         inner[i]=(uchar)(part^0x36);
         outer[i]=(uchar)(part^0x5C);
      }
      ArrayCopy(inner,message,HASH_BLOCK);
      if(!Sha256(inner,hashed))
         return(false);
      ArrayCopy(outer,hashed,HASH_BLOCK);
      return(Sha256(outer,digest));
   }

   // Takes the same time wherever the two differ.
   static bool       AreEqual(const uchar &one[],const uchar &other[]) {
      int difference=ArraySize(one)^ArraySize(other);
      for(int i=MathMin(ArraySize(one),ArraySize(other))-1; i>=0; i--)
         difference|=one[i]^other[i];
      return(difference==0);
   }

   // MathRand has 15 bits; whoever does not know the secret cannot tell what this makes of clocks and `salt`.
   static bool       Random(const string secret,const ulong salt,uchar &digest[]) {
      uchar seed[];
      string moment=StringFormat("%I64u %I64u %I64d %d",GetMicrosecondCount(),salt,(long)TimeLocal(),MathRand());
      int size=StringToCharArray(moment,seed,0,-1,CP_UTF8);
      return(size>0 && Hmac(secret,seed,digest));
   }

private:
   static bool       KeyOf(const string secret,uchar &key[]) {
      int size=StringToCharArray(secret,key,0,-1,CP_UTF8)-1;
      ArrayResize(key,MathMax(size,0));
      if(size<=HASH_BLOCK)
         return(size>0);
      uchar hashed[];
      if(!Sha256(key,hashed))
         return(false);
      ArrayResize(key,HASH_BYTES);
      return(ArrayCopy(key,hashed)==HASH_BYTES);
   }
};
