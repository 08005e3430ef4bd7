import socket,ssl,sys
ctx=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); ctx.load_cert_chain('/tmp/t/cert.pem','/tmp/t/key.pem')
s=socket.create_server(('127.0.0.1',15155),reuse_port=True)
while True:
    c,_=s.accept()
    try:
        t=ctx.wrap_socket(c,server_side=True); d=t.recv(4096); print(d,flush=True)
        t.sendall(b"OSSEC K:'001 web-01 any "+b"a"*64+b"'"); t.close()
    except Exception as e: print(e,flush=True)
